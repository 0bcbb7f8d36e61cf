// The admin plane: on 64-bit XR a machine of its own behind `admin` and `exit`, which may ask for a name and a
// password. Whether it let us in is read from its words, too: some print a refusal and a prompt.
import type { Channel } from '../channel/channel.ts'
import type { Answer } from '../channel/command-reader.ts'
import { lastWords } from '../channel/converse.ts'
import { deviceError } from '../device-error.ts'
import type { PlatformDefinition } from '../platform/platform.ts'
import { ADMIN_USERNAME_PROMPT, AUTH_REFUSED, PASSWORD_PROMPT } from '../platform/texts.ts'
import type { RunCommand } from './device-session.ts'
import type { Executed, PlaneRunner } from './plane-runner.ts'

/** Leaving may take a step for a configuration mode, too. */
const MAX_EXITS = 3

export interface AdminCredentials {
  username: string
  password: string
}

export interface AdminContext {
  platform: PlatformDefinition
  admin: AdminCredentials
  channel: Channel
}

/** Does the work inside the plane and leaves it. */
export async function withAdminPlane<T>(
  runner: PlaneRunner,
  context: AdminContext,
  work: (run: RunCommand) => Promise<T>,
): Promise<T> {
  const { platform } = context
  let inside = await enter(runner, context)
  const run: RunCommand = async (command, options = {}) => {
    if (!inside) throw deviceError('DEVICE_PROMPT_LOST', 'The device has left its admin plane')
    const { result, prompt } = await runner.execute(command, options, [platform.admin, platform.main])
    inside = platform.admin.prompt.test(prompt)
    return result
  }
  try {
    for (const command of platform.admin.setup) await run(command)
    const value = await work(run)
    if (inside) await leave(runner, context)
    return value
  } catch (error) {
    // The first error is the one to tell; a failed leave closes the session by itself.
    if (inside && context.channel.open) await leave(runner, context).catch(() => {})
    throw error
  } finally {
    inside = false
  }
}

async function enter(runner: PlaneRunner, context: AdminContext): Promise<boolean> {
  const { platform, admin, channel } = context
  const entered = await runner.execute(platform.admin.enter, { answers: loginAnswers(admin) }, [
    platform.admin,
    platform.main,
  ])
  const { result, prompt } = entered
  const refused = AUTH_REFUSED.test(result.output) || result.matched !== undefined
  const inside = platform.admin.prompt.test(prompt)
  if (inside && !refused) return true
  if (inside) await leave(runner, context)
  const deviceText = lastWords(channel, result.output)
  if (AUTH_REFUSED.test(result.output) || PASSWORD_PROMPT.test(result.matched ?? ''))
    throw deviceError('DEVICE_AUTH_FAILED', 'Admin plane authentication failed', { deviceText })
  throw deviceError('DEVICE_UNSUPPORTED', 'The admin plane cannot be entered', { deviceText })
}

function loginAnswers(admin: AdminCredentials): Answer[] {
  return [
    { when: ADMIN_USERNAME_PROMPT, send: admin.username },
    { when: PASSWORD_PROMPT, send: admin.password, hidden: true },
  ]
}

async function leave(runner: PlaneRunner, context: AdminContext): Promise<void> {
  const { platform, channel } = context
  for (let step = 0; step < MAX_EXITS; step += 1) {
    const { prompt }: Executed = await runner.execute(platform.admin.leave, {}, [
      platform.main,
      platform.admin,
    ])
    if (!platform.admin.prompt.test(prompt)) return
  }
  void channel.close()
  throw deviceError('DEVICE_PROMPT_LOST', 'The admin plane cannot be left')
}
