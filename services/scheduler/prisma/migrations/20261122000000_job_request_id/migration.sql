-- AlterTable
ALTER TABLE "job" ADD COLUMN     "request_id" TEXT;
