// Is the process of this container alive? Port 8080 as the Dockerfile sets it for every service.
try {
  const answer = await fetch('http://127.0.0.1:8080/healthz', { signal: AbortSignal.timeout(4_000) })
  process.exit(answer.ok ? 0 : 1)
} catch {
  process.exit(1)
}
