-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "release" (
    "id" SERIAL NOT NULL,
    "platform" TEXT NOT NULL,
    "release" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "creation_date" TEXT NOT NULL,
    "smu_suffix" TEXT NOT NULL,
    "pid" TEXT NOT NULL,
    "mdf_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "imported_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "release_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "entry" (
    "release_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "content" JSONB NOT NULL,

    CONSTRAINT "entry_pkey" PRIMARY KEY ("release_id","kind","name")
);

-- CreateTable
CREATE TABLE "feed_import" (
    "id" SERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "files_listed" INTEGER NOT NULL DEFAULT 0,
    "files_done" INTEGER NOT NULL DEFAULT 0,
    "files_imported" INTEGER NOT NULL DEFAULT 0,
    "files_unchanged" INTEGER NOT NULL DEFAULT 0,
    "files_failed" INTEGER NOT NULL DEFAULT 0,
    "entries_added" INTEGER NOT NULL DEFAULT 0,
    "entries_changed" INTEGER NOT NULL DEFAULT 0,
    "entries_removed" INTEGER NOT NULL DEFAULT 0,
    "entries_unchanged" INTEGER NOT NULL DEFAULT 0,
    "entries_skipped" INTEGER NOT NULL DEFAULT 0,
    "skipped" JSONB NOT NULL DEFAULT '[]',
    "failed_files" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "feed_import_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "release_platform_release_key" ON "release"("platform", "release");

-- CreateIndex
CREATE INDEX "feed_import_source_started_at_idx" ON "feed_import"("source", "started_at");

-- AddForeignKey
ALTER TABLE "entry" ADD CONSTRAINT "entry_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE CASCADE ON UPDATE CASCADE;
