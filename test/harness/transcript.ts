// Transcripts in Markdown that are run as they stand: `$ ` begins a command, `> ` continues it, the rest is what it
// printed.
import { spawn } from 'node:child_process'

export interface Step {
  command: string
  output: string
}

/** All steps of the ```console blocks of a document, in order. */
export function readSteps(markdown: string): Step[] {
  const steps: Step[] = []
  for (const [, block = ''] of markdown.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const line of block.split('\n').slice(0, -1)) {
      const last = steps.at(-1)
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' })
      else if (line.startsWith('> ') && last) last.command += `\n${line.slice(2)}`
      else if (last) last.output += `${line}\n`
    }
  }
  return steps
}

/** The document with other outputs below its commands. */
export function writeOutputs(markdown: string, outputs: string[]): string {
  let next = 0
  return markdown.replace(/```console\n([\s\S]*?)```/g, (_whole, block: string) => {
    const lines: string[] = []
    let pending: string | undefined
    for (const line of block.split('\n').slice(0, -1)) {
      const isCommand = line.startsWith('$ ') || line.startsWith('> ')
      if (line.startsWith('$ ')) {
        if (pending) lines.push(pending)
        pending = outputs[next++]?.trimEnd()
      }
      if (isCommand) lines.push(line)
    }
    if (pending) lines.push(pending)
    return `\`\`\`console\n${lines.join('\n')}\n\`\`\``
  })
}

/** Runs the commands one after the other in one shell and answers what each printed. */
export async function runSteps(commands: string[], cwd: string): Promise<string[]> {
  const marker = `--- end of step ${process.pid} ---`
  const script = commands.map((command) => `${command}\necho; echo '${marker}'\n`).join('')
  const { PATH = '' } = process.env
  const shell = spawn('bash', ['-s'], { cwd, env: { PATH }, stdio: ['pipe', 'pipe', 'inherit'] })
  shell.stdin.end(script)
  let printed = ''
  for await (const chunk of shell.stdout) printed += String(chunk)
  return printed
    .split(`${marker}\n`)
    .slice(0, -1)
    .map((output) => output.trim())
}
