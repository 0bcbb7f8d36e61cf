-- AlterTable
ALTER TABLE "job_event" ADD COLUMN     "steps_length" BIGINT,
ADD COLUMN     "terminal_length" BIGINT;
