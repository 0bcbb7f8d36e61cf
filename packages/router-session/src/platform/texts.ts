// Words common to all devices we speak with. Each has one line of meaning and a sample.

/** A pager's question, at the end of the open line: ` --More-- `. */
export const MORE = /[ \t]*--\s?More\s?--[ \t]*$/i
/** The line was logged out under us: `Press RETURN to get started.`. */
export const PRESS_RETURN = /Press RETURN to get started[.!]?/
/** Asks for a name at the end of the open line: `Username: `, `host login: `, `System Admin Username: `; not `Last login: …`. */
export const USERNAME_PROMPT = /(?:^|[^\w])(?<!last )(?:user ?name|login) ?:\s*$/i
/** Asks for the eXR admin user: `Admin Username:`, `System Admin Username: `. */
export const ADMIN_USERNAME_PROMPT = /(?:System )?Admin Username ?:\s*$/i
/** Asks for a password at the end of the open line: `Password: `, `root@host's password:`, `This is your AD password:`. */
export const PASSWORD_PROMPT = /\bpass(?:word|code) ?:\s*$/i
/** A password prompt with words behind it: `Password: Kerberos:\tNo default realm defined for Kerberos!`. */
export const KERBEROS_PASSWORD_PROMPT = /Password: Kerberos:[^\n]*\n?\s*$/
/** A terminal server let us in: `Password OK`. */
export const PASSWORD_OK = /^Password OK\s*$/m
/** Refusals of a login: `% Authentication failed`, `Login incorrect`, `% Bad passwords`, `% Login invalid`. */
export const AUTH_REFUSED =
  /^\s*(?:% ?)?(?:Authentication failed|Login incorrect|Bad (?:passwords|secrets)|Login invalid|Access denied|Permission denied|(?:User |You are )?not authorized)/im
/** The password is too old: `Your password has expired`, `Enter new password:`, `Confirm password:`. */
export const PASSWORD_EXPIRED =
  /password has expired|enter (?:a |your )?new password|^\s*new password ?:|confirm password ?:/im
/** A standby route processor: `This (D)RP Node is not ready or active for login /configuration`, `Standby console disabled`. */
export const STANDBY = /This \(D\)RP Node is not ready or active for login|Standby console disabled/i
/** The boot loader: `rommon 1 >`, `rommon>`. */
export const ROMMON = /^rommon ?\d* ?>\s*$/im
/** No more sessions: `% All lines busy`. */
export const LINES_BUSY = /All lines busy/i
/** The line printed before each output unless switched off: `Wed Feb 10 14:33:27.147 UTC`, Calvados `Fri Sep  2  13:58:27.395 UTC`. */
export const TIMESTAMP_LINE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} {1,2}\d{1,2} {1,2}\d{2}:\d{2}:\d{2}(?:\.\d+)?(?: [\w+:-]{1,12})?(?: \d{4})?\s*$/
/** How an unsolicited message begins: `May 31 20:15:10 Install operation 3 …`, `Install operation 3 …`, `RP/0/RP0/CPU0:May 31 … : %…`, `%SYS-…`. */
export const MESSAGE_START =
  /\s*(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}|Install operation \d+|Info: |Error: |Warning: |(?:RP|LC|SP|0)\/[\w/]+:[A-Z][a-z]{2} {1,2}\d|%[A-Z]\w*[-_])/
/** A question at the end of the open line: `Continue? [confirm]`, `[yes/no]:[yes]`, `(y/n)`, `Password:`, `filename [x]?`. */
export const QUESTION =
  /(?:\[(?:confirm|y(?:es)?\/no?|no[,/]yes|confirm ?\(y\/n\))[^\]]*\][:?\s]*(?:\[\w*\])?|\((?:yes\/no|y\/n)(?:\/\w+)?\)|\?\s*\[[^\]]{0,80}\]|\[[^\]]{0,80}\]\s?\?|pass(?:word|phrase|code) ?:|username ?:)[:?\s]*$/i
