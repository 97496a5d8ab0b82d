// operator rotate and key-status: the key that new data is encrypted with.
// API: sys/rotate and sys/key-status.
import type { Client } from '../client.ts'
import { formatColumns } from '../columns.ts'
import { defineCommand } from '../command.ts'
import { type JsonMap, OrderedMap } from '../exact-json.ts'
import { attempt } from '../failure.ts'
import { formatValue } from '../go-format.ts'
import { outputData } from '../output.ts'
import { parseSecret, type Shape, shaped, textOf, ZERO } from '../secret.ts'

const KEY_STATUS: Shape = [
  ['term', ZERO],
  ['install_time', '0001-01-01T00:00:00Z'],
  ['encryptions', ZERO],
]
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** RFC 822 as Go prints it, in UTC: 24 Nov 26 12:00 UTC. */
export function rfc822(text: string): string {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) return text
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${two(time.getUTCDate())} ${MONTHS[time.getUTCMonth()]}`
  const year = two(time.getUTCFullYear() % 100)
  return `${day} ${year} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())} UTC`
}

async function keyStatus(api: Client): Promise<OrderedMap> {
  return attempt('Error reading key status', async () => {
    const answer = await api.request('GET', 'sys/key-status')
    return shaped(parseSecret(answer.body)?.data ?? new OrderedMap(), KEY_STATUS)
  })
}

function describe(status: JsonMap): string {
  return formatColumns([
    ['Key Term', formatValue(status.get('term'))],
    ['Install Time', rfc822(textOf(status, 'install_time'))],
    ['Encryption Count', formatValue(status.get('encryptions'))],
  ])
}

export const operatorKeyStatus = defineCommand({
  name: 'operator key-status',
  synopsis: 'Show which key new data is encrypted with',
  usage: '[options]',
  about: [
    'Shows the term of the current encryption key, when it was made and how much it was used.',
  ],
  examples: [{ does: 'Show it:', run: ['{} operator key-status'] }],
  async run({ ui, client }) {
    const status = await keyStatus(await client())
    if (ui.format !== 'table') return outputData(ui, status)
    ui.out(describe(status))
    return 0
  },
})

export const operatorRotate = defineCommand({
  name: 'operator rotate',
  synopsis: 'Rotate the encryption key',
  usage: '[options]',
  about: [
    'Makes a new key that new data is encrypted with. Older keys stay, so that older data can be read. Nobody ' +
      'has to enter a key share, and nothing stops.',
  ],
  examples: [{ does: 'Rotate:', run: ['{} operator rotate'] }],
  async run({ ui, client }) {
    const api = await client()
    await attempt('Error rotating key', () => api.request('POST', 'sys/rotate'))
    const status = await keyStatus(api)
    if (ui.format !== 'table') return outputData(ui, status)
    ui.out('Success! Rotated key')
    ui.out('')
    ui.out(describe(status))
    return 0
  },
})
