-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "distribution" (
    "directory" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "refused" TEXT NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL,
    "published_by" TEXT NOT NULL,

    CONSTRAINT "distribution_pkey" PRIMARY KEY ("directory","file")
);

-- CreateTable
CREATE TABLE "link" (
    "token_hash" TEXT NOT NULL,
    "directory" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "uses" INTEGER NOT NULL,
    "used" INTEGER NOT NULL,
    "resumed" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "link_pkey" PRIMARY KEY ("token_hash","file")
);

-- CreateTable
CREATE TABLE "activity" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "directory" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "complete" BOOLEAN NOT NULL,

    CONSTRAINT "activity_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "link_expires_at_idx" ON "link"("expires_at");

-- CreateIndex
CREATE INDEX "activity_directory_file_id_idx" ON "activity"("directory", "file", "id");
