/**
 * The command grammar of one plane: keywords that may be abbreviated while they are unambiguous, and free
 * arguments after them.
 */
import type { CommandContext } from './command-context.ts'
import type { Token } from './token.ts'

/** Runs a command. A returned text is filtered by pipes, paged and printed. */
export type CommandHandler = (context: CommandContext) => string | undefined | Promise<string | undefined>

/** One command: `words` are its keywords; with `args` anything may follow. */
export interface Command {
  readonly words: string
  readonly args?: boolean
  readonly run: CommandHandler
}

interface TreeNode {
  readonly children: Map<string, TreeNode>
  command: Command | undefined
}

/** What a line was recognised as. */
export type Recognition =
  | { readonly kind: 'command'; readonly command: Command; readonly args: readonly Token[] }
  | { readonly kind: 'invalid'; readonly column: number; readonly expected: readonly string[] }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'ambiguous'; readonly token: string }

/** A grammar that recognises lines. */
export interface CommandTree {
  readonly recognise: (line: string) => Recognition
  /** Keywords that may follow an unfinished line. */
  readonly candidates: (line: string) => string[]
}

/** `install add`, quoted parts kept together: `utility egrep "a b"`. */
const TOKEN = /"[^"]*"|\S+/g

/** Splits a line into tokens. */
export function tokensOf(line: string): Token[] {
  return [...line.matchAll(TOKEN)].map((match) => ({ text: match[0], column: match.index }))
}

/** Builds a grammar. */
export function createCommandTree(commands: readonly Command[]): CommandTree {
  const root: TreeNode = { children: new Map(), command: undefined }
  for (const command of commands) insert(root, command)
  return {
    recognise: (line) => walk(root, tokensOf(line)),
    candidates: (line) => candidatesOf(root, line),
  }
}

function insert(root: TreeNode, command: Command): void {
  let node = root
  for (const word of command.words.split(' ')) {
    const next = node.children.get(word) ?? { children: new Map(), command: undefined }
    node.children.set(word, next)
    node = next
  }
  node.command = command
}

/** Children a token may stand for: the exact one, else all it is a prefix of. */
function matching(node: TreeNode, token: string): string[] {
  const wanted = token.toLowerCase()
  if (node.children.has(wanted)) return [wanted]
  return [...node.children.keys()].filter((word) => word.startsWith(wanted))
}

function walk(root: TreeNode, tokens: readonly Token[]): Recognition {
  let node = root
  for (const [index, token] of tokens.entries()) {
    const words = matching(node, token.text)
    const [word] = words
    const next = word === undefined ? undefined : node.children.get(word)
    if (words.length === 1 && next !== undefined) {
      node = next
      continue
    }
    if (node.command?.args === true)
      return { kind: 'command', command: node.command, args: tokens.slice(index) }
    if (words.length > 1) return { kind: 'ambiguous', token: token.text }
    return { kind: 'invalid', column: token.column, expected: [...node.children.keys()] }
  }
  return node.command === undefined
    ? { kind: 'incomplete' }
    : { kind: 'command', command: node.command, args: [] }
}

function candidatesOf(root: TreeNode, line: string): string[] {
  const tokens = tokensOf(line)
  const unfinished = /\S$/.test(line) ? (tokens.pop()?.text ?? '') : ''
  let node = root
  for (const token of tokens) {
    const [word, ...others] = matching(node, token.text)
    const next = word === undefined || others.length > 0 ? undefined : node.children.get(word)
    if (next === undefined) return []
    node = next
  }
  const words = [...node.children.keys()].filter((word) => word.startsWith(unfinished.toLowerCase()))
  return unfinished === '' && node.command !== undefined ? [...words, '<cr>'] : words
}
