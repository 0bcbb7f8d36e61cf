-- CreateIndex
CREATE INDEX "host_name" ON "host"("hostname");
