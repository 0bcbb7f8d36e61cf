import type { Device } from './device.ts'

/** The device, with everything that fails on it told to `failed` once, where its caller sees it. */
export function watchDevice(device: Device, failed: (error: unknown) => void): Device {
  const watched = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      failed(error)
      throw error
    }
  }
  return {
    ...device,
    connect: () => watched(device.connect()),
    reconnect: (withinMs) => watched(device.reconnect(withinMs)),
    discover: () => watched(device.discover()),
    read: (command, timeoutMs) => watched(device.read(command, timeoutMs)),
    inAdminPlane: (work) => watched(device.inAdminPlane(work)),
    write: (command, options) => watched(device.write(command, options)),
    waitFor: (pattern, ms) => watched(device.waitFor(pattern, ms)),
  }
}
