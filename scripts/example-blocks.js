// The code blocks of docs/frameworks.md are the programs of examples/. scripts/config-docs.js writes them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A marker with the path of a file, followed by a code block. */
const BLOCK = /<!-- (examples\/\S+) -->\n\n```(\w+)\n[\s\S]*?```/g;

/**
 * @param {string} page Markdown
 * @param {string} root the base folder of the paths
 * @returns {string} the page, with every marked block replaced by its file
 */
export function withExamples(page, root) {
  return page.replace(BLOCK, (_block, path, language) => {
    const code = readFileSync(join(root, path), 'utf8');
    return `<!-- ${path} -->\n\n\`\`\`${language}\n${code}\`\`\``;
  });
}
