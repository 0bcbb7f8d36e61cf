-- AlterTable
ALTER TABLE "job" ADD COLUMN     "cancel_requested_at" TIMESTAMPTZ(3),
ADD COLUMN     "cancel_requested_by" TEXT;

-- CreateTable
CREATE TABLE "dispatch_switch" (
    "scope" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "paused_by" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "dispatch_switch_pkey" PRIMARY KEY ("scope", "target"),
    CONSTRAINT "dispatch_switch_scope_check" CHECK ("scope" IN ('global', 'region', 'host')),
    CONSTRAINT "dispatch_switch_target_check" CHECK (("scope" = 'global') = ("target" = ''))
);

-- CreateTable
CREATE TABLE "executor_ask" (
    "executor_id" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "executor_ask_pkey" PRIMARY KEY ("executor_id")
);

-- CreateIndex
CREATE INDEX "executor_ask_asked_at_idx" ON "executor_ask"("asked_at");
