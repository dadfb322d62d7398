/** The parser of Java properties files, loaded by those who meet one: a package in CommonJS keeps its names only so. */
export { parseLines } from 'dot-properties'
