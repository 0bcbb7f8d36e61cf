// Silences that decide something, in milliseconds. They are waited for only when a decision hangs on them.

/** How long it has to be quiet before something is believed. */
export interface QuietTimes {
  promptQuietMs: number
  doubtfulPromptQuietMs: number
  questionQuietMs: number
  interruptQuietMs: number
  echoQuietMs: { unknown: number; yes: number; no: number }
  loginPromptQuietMs: number
  unaskedPromptQuietMs: number
  silenceMs: number
}

/** Defaults that suit routers behind slow lines; a lab may go lower. */
export const quietTimes: Readonly<QuietTimes> = {
  /** A prompt at the end of the text is believed after this. */
  promptQuietMs: 20,
  /** A prompt with a message behind it, or glued to the end of a line: something may still follow. */
  doubtfulPromptQuietMs: 400,
  /** A question nobody has an answer for. */
  questionQuietMs: 2000,
  /** After an interrupt the prompt should be there. */
  interruptQuietMs: 5000,
  /** The echo of a command, by what is known of the device's echo. */
  echoQuietMs: { unknown: 2000, yes: 10_000, no: 50 },
  /** A login or password prompt is believed after this; banners contain such words. */
  loginPromptQuietMs: 80,
  /** A prompt seen before any login is checked by pressing Enter after this. */
  unaskedPromptQuietMs: 700,
  /** Nothing at all: press Enter. */
  silenceMs: 3000,
}
