-- AlterTable
ALTER TABLE "user" ADD COLUMN     "created_by" TEXT NOT NULL DEFAULT '';

-- CreateTable
CREATE TABLE "deleted_user" (
    "username_key" TEXT COLLATE "C" NOT NULL,
    "username" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "deleted_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deleted_user_pkey" PRIMARY KEY ("username_key")
);

-- CreateIndex
CREATE INDEX "deleted_user_deleted_at_idx" ON "deleted_user"("deleted_at");
