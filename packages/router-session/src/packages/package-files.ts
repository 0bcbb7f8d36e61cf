/** Which files a router can add, by what their name contains. */
const EXR_FILES: Readonly<Record<string, RegExp>> = {
  NCS4K: /iso|pkg|smu|tar/i,
  NCS6K: /iso|pkg|smu|tar|rpm/i,
}
const EXR_DEFAULT = /iso|tar|rpm/i
const XR_FILES = /pie|tar/i
/** A boot image for turbo boot cannot be added: `asr9k-mini-px.vm-5.3.3`, `asr9k-mini-px-vm-…`. */
const XR_NOT_ADDABLE = /-vm/i

/** Whether a router of this kind can add the file. The version may follow the suffix: `x.iso-6.0.1`. */
export function isAddable(file: string, osType: 'XR' | 'eXR', family: string): boolean {
  if (osType === 'XR') return XR_FILES.test(file) && !XR_NOT_ADDABLE.test(file)
  return (EXR_FILES[family] ?? EXR_DEFAULT).test(file)
}

/** Whether a file holds many packages, so that only its operation id tells which. */
export function isBundle(file: string): boolean {
  return /\.tar\b/i.test(file)
}
