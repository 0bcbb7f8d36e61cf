// Rows of `dispatch_switch`, and the condition by which other statements look at them.
import { Prisma } from '../generated/client.ts'
import type { Db } from '../scheduler-store.ts'
import type { Pause, SwitchChanges } from './switch.ts'

/**
 * True for a row of `queue` that nothing holds up. Lists of names, not joins: they are read once a statement, and the
 * queue is still walked in the order of its index.
 */
export const queueIsNotPaused = Prisma.sql`
  NOT EXISTS (SELECT 1 FROM dispatch_switch WHERE scope = 'global')
  AND queue.region <> ALL (ARRAY(SELECT target FROM dispatch_switch WHERE scope = 'region'))
  AND queue.host_id <> ALL (ARRAY(SELECT target::uuid FROM dispatch_switch WHERE scope = 'host'))`

/** Everything that is paused. Hosts by the names they have now. */
export async function readPauses(db: Db): Promise<Pause[]> {
  return db.$queryRaw<Pause[]>`
    SELECT switch.scope, switch.target, switch.reason, switch.paused_by AS "pausedBy",
           switch.paused_at AS "pausedAt", coalesce(host.hostname, switch.target) AS name
      FROM dispatch_switch switch
      LEFT JOIN host ON host.host_id = CASE WHEN switch.scope = 'host' THEN switch.target::uuid END
     ORDER BY switch.scope, switch.target`
}

/** Writes changes. Whoever calls it holds the lock of the claims: what is handed out next sees them. */
export async function writeSwitches(tx: Db, { pause, resume }: SwitchChanges): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO dispatch_switch (scope, target, reason, paused_by, paused_at)
    SELECT scope, target, reason, "pausedBy", "pausedAt"
      FROM jsonb_to_recordset(${JSON.stringify(pause)}::jsonb)
           AS new (scope text, target text, reason text, "pausedBy" text, "pausedAt" timestamptz)
    ON CONFLICT (scope, target) DO UPDATE
       SET reason = EXCLUDED.reason, paused_by = EXCLUDED.paused_by, paused_at = EXCLUDED.paused_at`
  await tx.$executeRaw`
    DELETE FROM dispatch_switch
     USING unnest(${resume.map(({ scope }) => scope)}::text[], ${resume.map(({ target }) => target)}::text[])
           AS gone (scope, target)
     WHERE dispatch_switch.scope = gone.scope AND dispatch_switch.target = gone.target`
}
