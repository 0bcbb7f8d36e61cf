/** All commands of all planes, assembled once. */
import type { RouterOs } from '../families.ts'
import type { Plane } from '../session/session.ts'
import { ADMIN_COMMANDS } from './admin-commands.ts'
import { CLASSIC_INSTALL_COMMANDS } from './classic-install-commands.ts'
import { type Command, type CommandTree, createCommandTree } from './command-tree.ts'
import { EXR_INSTALL_COMMANDS } from './exr-install-commands.ts'
import {
  CALVADOS_HARDWARE_COMMANDS,
  CLASSIC_HARDWARE_COMMANDS,
  EXR_HARDWARE_COMMANDS,
} from './hardware-commands.ts'
import { CALVADOS_RELOAD_COMMANDS, RELOAD_COMMANDS } from './reload-commands.ts'
import { CALVADOS_INSTALL_SHOWS, CLASSIC_INSTALL_SHOWS, EXR_INSTALL_SHOWS } from './show-install.ts'
import { CALVADOS_VERSION_COMMANDS, CLASSIC_VERSION_COMMANDS, EXR_VERSION_COMMANDS } from './show-version.ts'
import { SYSTEM_COMMANDS } from './system-commands.ts'
import { TERMINAL_COMMANDS } from './terminal-commands.ts'

const CLASSIC: readonly Command[] = [
  ...TERMINAL_COMMANDS,
  ...SYSTEM_COMMANDS,
  ...CLASSIC_VERSION_COMMANDS,
  ...CLASSIC_HARDWARE_COMMANDS,
  ...CLASSIC_INSTALL_SHOWS,
  ...CLASSIC_INSTALL_COMMANDS,
  ...RELOAD_COMMANDS,
]

const EXR: readonly Command[] = [
  ...TERMINAL_COMMANDS,
  ...SYSTEM_COMMANDS,
  ...EXR_VERSION_COMMANDS,
  ...EXR_HARDWARE_COMMANDS,
  ...EXR_INSTALL_SHOWS,
  ...EXR_INSTALL_COMMANDS,
  ...RELOAD_COMMANDS,
]

const CALVADOS: readonly Command[] = [
  ...TERMINAL_COMMANDS,
  ...CALVADOS_VERSION_COMMANDS,
  ...CALVADOS_HARDWARE_COMMANDS,
  ...CALVADOS_INSTALL_SHOWS,
  ...CALVADOS_RELOAD_COMMANDS,
]

const TREES: Readonly<Record<RouterOs, Readonly<Record<Plane, CommandTree>>>> = {
  classic: {
    exec: createCommandTree([...CLASSIC, ...ADMIN_COMMANDS]),
    admin: createCommandTree(CLASSIC),
  },
  exr: {
    exec: createCommandTree([...EXR, ...ADMIN_COMMANDS]),
    admin: createCommandTree(CALVADOS),
  },
}

/** The grammar of a plane. */
export function grammarOf(os: RouterOs, plane: Plane): CommandTree {
  return TREES[os][plane]
}
