-- CreateTable
CREATE TABLE "host" (
    "host_id" UUID NOT NULL,
    "hostname" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "released_at" TIMESTAMPTZ(3),
    "next_job_id" BIGINT,
    "next_kind" TEXT,
    "next_due" TIMESTAMPTZ(3),

    CONSTRAINT "host_pkey" PRIMARY KEY ("host_id")
);

-- CreateTable
CREATE TABLE "job" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "submission" INTEGER NOT NULL DEFAULT 1,
    "host_id" UUID NOT NULL,
    "hostname" TEXT NOT NULL,
    "action" TEXT,
    "server_repository" TEXT,
    "server_directory" TEXT NOT NULL DEFAULT '',
    "software_packages" TEXT[],
    "command_profiles" TEXT[],
    "scheduled_time" TIMESTAMPTZ(3) NOT NULL,
    "depends_on" BIGINT,
    "dependency_met" BOOLEAN NOT NULL DEFAULT true,
    "status" TEXT NOT NULL DEFAULT 'scheduled',
    "status_time" TIMESTAMPTZ(3),
    "status_message" TEXT NOT NULL DEFAULT '',
    "trace" TEXT NOT NULL DEFAULT '',
    "warnings" TEXT[],
    "package_changes" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_by" TEXT,
    "claim_request" TEXT,
    "claimed_at" TIMESTAMPTZ(3),
    "confirmed_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "job_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "job_kind_check" CHECK ("kind" IN ('install', 'inventory')),
    CONSTRAINT "job_action_check" CHECK (("kind" = 'install') = ("action" IS NOT NULL)),
    CONSTRAINT "job_status_check" CHECK ("status" IN ('scheduled', 'in-progress', 'completed', 'failed'))
);

-- CreateIndex
CREATE INDEX "job_of_host" ON "job"("host_id", "id");

-- One running job per host, whatever its kind: two sessions never meet on a router.
CREATE UNIQUE INDEX "job_running" ON "job"("host_id") WHERE "status" = 'in-progress';

-- The jobs of a host that could run, in the order in which they do.
CREATE INDEX "job_ready" ON "job"("host_id", "scheduled_time", "id") WHERE "status" = 'scheduled' AND "dependency_met";

-- Dependents of a job.
CREATE INDEX "job_dependent" ON "job"("depends_on") WHERE "depends_on" IS NOT NULL;

-- What is listed by status; completed jobs are nearly all there are, for them the primary key serves.
CREATE INDEX "job_of_status" ON "job"("status", "id") WHERE "status" <> 'completed';

-- Lists from a scheduled time on.
CREATE INDEX "job_scheduled_time" ON "job"("scheduled_time");

-- History of a host, newest first.
CREATE INDEX "job_history" ON "job"("host_id", "finished_at" DESC, "id" DESC) WHERE "status" IN ('completed', 'failed');

-- The queue: hosts whose next job is due, or the moment at which the next one will be.
CREATE INDEX "host_due" ON "host"("next_due", "next_job_id") WHERE "next_due" IS NOT NULL;
-- The same per region and kind, for limits and fair order.
CREATE INDEX "host_due_in_region" ON "host"("region", "next_kind", "next_due", "next_job_id") WHERE "next_due" IS NOT NULL;

-- Released hosts that may be forgotten.
CREATE INDEX "host_released" ON "host"("released_at") WHERE "released_at" IS NOT NULL;

-- CreateTable
CREATE TABLE "outbox" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "subject" TEXT NOT NULL,
    "ordering_key" TEXT,
    "payload" JSON NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_error" TEXT,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "outbox_next_attempt_at_idx" ON "outbox"("next_attempt_at");

-- CreateIndex
CREATE INDEX "outbox_ordering_key_seq_idx" ON "outbox"("ordering_key", "seq");

-- CreateTable
CREATE TABLE "inbox" (
    "id" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "inbox_recorded_at_idx" ON "inbox"("recorded_at");
