/**
 * What only a terminal needs: colours, tables, spinners. A bundle of its own (dist/terminal_parts.cjs), loaded when there is a
 * terminal, so that no tool starts later for it.
 */
export { Chalk } from 'chalk'
export { default as Table } from 'cli-table3'
export { default as ora } from 'ora'
