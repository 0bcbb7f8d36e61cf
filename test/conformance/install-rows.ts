// Rows of POST /install that are good but for what a test changes.
import { ahead, type Row, type World } from './world.ts'

export const pie = 'asr9k-px-5.3.3.CSCuz05961.pie'

/** A host for these tests, and rows for it that are good but for what a test changes. */
export async function prepare({ host, lab, rows }: World) {
  await host('R2')
  await rows('POST', '/custom_command_profiles', {
    profile_name: 'Test Commands',
    command_list: ['show clock'],
  })
  const server_repository = lab.repository.row.hostname
  const time = ahead(100)
  const plain: Record<string, Row> = {
    'Pre-Upgrade': { hostname: 'R2', install_action: 'Pre-Upgrade', ...time },
    Add: { hostname: 'R2', install_action: 'Add', server_repository, software_packages: pie, ...time },
    Activate: { hostname: 'R2', install_action: 'Activate', software_packages: pie, ...time },
    'Post-Upgrade': { hostname: 'R2', install_action: 'Post-Upgrade', ...time },
    Commit: { hostname: 'R2', install_action: 'Commit', ...time },
    Remove: { hostname: 'R2', install_action: 'Remove', software_packages: pie, ...time },
    Deactivate: { hostname: 'R2', install_action: 'Deactivate', software_packages: pie, ...time },
  }
  return { plain, clear: () => rows('DELETE', '/install/delete?hostname=R2') }
}
