-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "run" (
    "job_id" BIGINT NOT NULL,
    "submission" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "action" TEXT,
    "host_id" UUID NOT NULL,
    "executor_id" TEXT NOT NULL,
    "claimed_by" TEXT NOT NULL,
    "lease_until" TIMESTAMPTZ(3) NOT NULL,
    "job" JSONB NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "outcome" TEXT,
    "status_message" TEXT NOT NULL DEFAULT '',
    "event_seq" INTEGER NOT NULL DEFAULT 0,
    "first_attempt" INTEGER NOT NULL,

    CONSTRAINT "run_pkey" PRIMARY KEY ("job_id")
);

-- CreateTable
CREATE TABLE "journal" (
    "id" BIGSERIAL NOT NULL,
    "job_id" BIGINT NOT NULL,
    "submission" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "command" TEXT NOT NULL,
    "before" JSONB NOT NULL,
    "written_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "operation_id" INTEGER,
    "reload" BOOLEAN NOT NULL DEFAULT false,
    "outcome" TEXT,
    "detail" TEXT,
    "concluded_at" TIMESTAMPTZ(3),

    CONSTRAINT "journal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_event" (
    "job_id" BIGINT NOT NULL,
    "seq" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "payload" JSONB NOT NULL,

    CONSTRAINT "job_event_pkey" PRIMARY KEY ("job_id","seq")
);

-- CreateTable
CREATE TABLE "log_index" (
    "job_id" BIGINT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "log_index_pkey" PRIMARY KEY ("job_id","attempt","name")
);

-- CreateTable
CREATE TABLE "host_context" (
    "host_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_context_pkey" PRIMARY KEY ("host_id","key")
);

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

-- CreateTable
CREATE TABLE "inbox" (
    "id" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "run_lease" ON "run"("lease_until");

-- CreateIndex
CREATE INDEX "run_of_host" ON "run"("host_id", "action", "ended_at");

-- CreateIndex
CREATE INDEX "journal_of_job" ON "journal"("job_id", "submission");

-- CreateIndex
CREATE INDEX "outbox_next_attempt_at_idx" ON "outbox"("next_attempt_at");

-- CreateIndex
CREATE INDEX "outbox_ordering_key_seq_idx" ON "outbox"("ordering_key", "seq");

-- CreateIndex
CREATE INDEX "inbox_recorded_at_idx" ON "inbox"("recorded_at");

-- AddForeignKey
ALTER TABLE "journal" ADD CONSTRAINT "journal_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "run"("job_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_event" ADD CONSTRAINT "job_event_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "run"("job_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_index" ADD CONSTRAINT "log_index_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "run"("job_id") ON DELETE CASCADE ON UPDATE CASCADE;
