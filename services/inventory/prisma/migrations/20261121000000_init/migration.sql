-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "region" (
    "id" UUID NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "region_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "region_server_repository" (
    "region_id" UUID NOT NULL,
    "server_repository_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "region_server_repository_pkey" PRIMARY KEY ("region_id","server_repository_id")
);

-- CreateTable
CREATE TABLE "jump_host" (
    "id" UUID NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "connection_type" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "port" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "sealed_password" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "jump_host_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "server_repository" (
    "id" UUID NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "server_type" TEXT NOT NULL,
    "tftp_server_path" TEXT NOT NULL,
    "file_directory" TEXT NOT NULL,
    "server_address" TEXT NOT NULL,
    "home_directory" TEXT NOT NULL,
    "vrf" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "sealed_password" TEXT,
    "destination_on_host" TEXT NOT NULL,
    "device_path" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "server_repository_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "command_profile" (
    "id" UUID NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "commands" TEXT[] NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "command_profile_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host" (
    "id" UUID NOT NULL,
    "hostname" TEXT COLLATE "C" NOT NULL,
    "region_id" UUID NOT NULL,
    "jump_host_id" UUID,
    "roles" TEXT NOT NULL,
    "connection_type" TEXT NOT NULL,
    "addresses" TEXT[] NOT NULL,
    "ports" INTEGER[] NOT NULL,
    "username" TEXT NOT NULL,
    "sealed_password" TEXT,
    "sealed_enable_password" TEXT,
    "location" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,
    "deleting" BOOLEAN NOT NULL DEFAULT false,
    "family" TEXT NOT NULL DEFAULT 'Unknown',
    "chassis" TEXT NOT NULL DEFAULT 'Unknown',
    "software_platform" TEXT NOT NULL DEFAULT 'Unknown',
    "software_version" TEXT NOT NULL DEFAULT 'Unknown',
    "os_type" TEXT NOT NULL DEFAULT 'Unknown',
    "facts_observed_at" TIMESTAMPTZ(3),
    "packages_observed_at" TIMESTAMPTZ(3),
    "inventory_observed_at" TIMESTAMPTZ(3),

    CONSTRAINT "host_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host_package" (
    "host_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "location" TEXT NOT NULL,
    "modules" JSONB NOT NULL,

    CONSTRAINT "host_package_pkey" PRIMARY KEY ("host_id","position")
);

-- CreateTable
CREATE TABLE "inventory_item" (
    "host_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "location" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "model_name" TEXT NOT NULL,
    "serial_number" TEXT NOT NULL,
    "hardware_revision" TEXT NOT NULL,

    CONSTRAINT "inventory_item_pkey" PRIMARY KEY ("host_id","position")
);

-- CreateIndex
CREATE UNIQUE INDEX "region_name_key" ON "region"("name");

-- CreateIndex
CREATE INDEX "region_server_repository_server_repository_id_idx" ON "region_server_repository"("server_repository_id");

-- CreateIndex
CREATE UNIQUE INDEX "jump_host_name_key" ON "jump_host"("name");

-- CreateIndex
CREATE UNIQUE INDEX "server_repository_name_key" ON "server_repository"("name");

-- CreateIndex
CREATE UNIQUE INDEX "command_profile_name_key" ON "command_profile"("name");

-- CreateIndex
CREATE UNIQUE INDEX "host_hostname_key" ON "host"("hostname");

-- CreateIndex
CREATE INDEX "host_deleting_hostname_id_idx" ON "host"("deleting", "hostname", "id");

-- CreateIndex
CREATE INDEX "host_region_id_deleting_hostname_id_idx" ON "host"("region_id", "deleting", "hostname", "id");

-- CreateIndex
CREATE INDEX "host_family_deleting_hostname_id_idx" ON "host"("family", "deleting", "hostname", "id");

-- CreateIndex
CREATE INDEX "host_jump_host_id_idx" ON "host"("jump_host_id");

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

-- AddForeignKey
ALTER TABLE "region_server_repository" ADD CONSTRAINT "region_server_repository_region_id_fkey" FOREIGN KEY ("region_id") REFERENCES "region"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "region_server_repository" ADD CONSTRAINT "region_server_repository_server_repository_id_fkey" FOREIGN KEY ("server_repository_id") REFERENCES "server_repository"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host" ADD CONSTRAINT "host_region_id_fkey" FOREIGN KEY ("region_id") REFERENCES "region"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host" ADD CONSTRAINT "host_jump_host_id_fkey" FOREIGN KEY ("jump_host_id") REFERENCES "jump_host"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_package" ADD CONSTRAINT "host_package_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inventory_item" ADD CONSTRAINT "inventory_item_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "host"("id") ON DELETE CASCADE ON UPDATE CASCADE;

