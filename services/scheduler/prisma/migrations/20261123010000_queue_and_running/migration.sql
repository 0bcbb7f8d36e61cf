-- A host's place in the queue and what runs on it get narrow tables of their own: claiming, confirming and telling
-- progress no longer write the wide rows of jobs and all their indexes.

-- CreateTable
CREATE TABLE "queue" (
    "host_id" UUID NOT NULL,
    "region" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "due" TIMESTAMPTZ(3) NOT NULL,
    "job_id" BIGINT NOT NULL,
    "submission" INTEGER NOT NULL,

    CONSTRAINT "queue_pkey" PRIMARY KEY ("host_id")
);

-- Room on each page, so that a confirmation or a message is written beside its row and touches no index.
-- CreateTable
CREATE TABLE "running" (
    "job_id" BIGINT NOT NULL,
    "host_id" UUID NOT NULL,
    "region" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "submission" INTEGER NOT NULL,
    "claimed_by" TEXT NOT NULL,
    "claim_request" TEXT NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "status_message" TEXT NOT NULL DEFAULT 'Starting',

    CONSTRAINT "running_pkey" PRIMARY KEY ("job_id")
) WITH (fillfactor = 60);

INSERT INTO "queue" ("host_id", "region", "kind", "due", "job_id", "submission")
SELECT "host"."host_id", "host"."region", "host"."next_kind", "host"."next_due", "job"."id", "job"."submission"
  FROM "host" JOIN "job" ON "job"."id" = "host"."next_job_id" WHERE "host"."next_due" IS NOT NULL;

INSERT INTO "running" ("job_id", "host_id", "region", "kind", "submission", "claimed_by", "claim_request", "claimed_at",
                       "confirmed_at", "status_message")
SELECT "job"."id", "job"."host_id", coalesce("host"."region", ''), "job"."kind", "job"."submission",
       coalesce("job"."claimed_by", ''), coalesce("job"."claim_request", ''),
       coalesce("job"."claimed_at", "job"."created_at"), "job"."confirmed_at", "job"."status_message"
  FROM "job" LEFT JOIN "host" ON "host"."host_id" = "job"."host_id" WHERE "job"."status" = 'in-progress';
UPDATE "job" SET "status" = 'scheduled', "status_time" = NULL, "status_message" = '', "started_at" = NULL
 WHERE "status" = 'in-progress';

-- CreateIndex
CREATE INDEX "queue_due" ON "queue"("due", "job_id");
-- CreateIndex
CREATE INDEX "queue_due_in_region" ON "queue"("region", "kind", "due", "job_id");
-- CreateIndex
CREATE UNIQUE INDEX "running_host_id_key" ON "running"("host_id");

-- What waits for a job that may complete. A planner that knows only that nearly no job depends on another would rather
-- read the whole table than look in "job_dependent".
CREATE INDEX "job_blocked" ON "job"("depends_on") WHERE "status" = 'scheduled' AND NOT "dependency_met";

-- DropIndex
DROP INDEX "job_running";
-- AlterTable: with the columns go the indexes over them, host_due and host_due_in_region.
ALTER TABLE "host" DROP COLUMN "next_due", DROP COLUMN "next_job_id", DROP COLUMN "next_kind";
-- AlterTable
ALTER TABLE "job" DROP COLUMN "claim_request", DROP COLUMN "claimed_at", DROP COLUMN "claimed_by", DROP COLUMN "confirmed_at";
ALTER TABLE "job" DROP CONSTRAINT "job_status_check";
ALTER TABLE "job" ADD CONSTRAINT "job_status_check" CHECK ("status" IN ('scheduled', 'completed', 'failed'));
