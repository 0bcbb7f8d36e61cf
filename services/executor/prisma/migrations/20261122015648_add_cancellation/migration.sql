-- CreateTable
CREATE TABLE "cancellation" (
    "job_id" BIGINT NOT NULL,
    "submission" INTEGER NOT NULL,
    "requested_by" TEXT NOT NULL,
    "request_id" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cancellation_pkey" PRIMARY KEY ("job_id","submission")
);
