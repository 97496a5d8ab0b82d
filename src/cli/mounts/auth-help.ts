// auth help: how to log in with a method, by its type or by the path it is enabled at.
// The texts are kept here, so that they can be read while the server is sealed.
import { barePath, folderPath } from '../api-paths.ts'
import { defineCommand, ONE_ARGUMENT } from '../command.ts'
import { attempt, Failure } from '../failure.ts'
import { mapOf, textOf } from '../secret.ts'

interface MethodHelp {
  readonly about: string
  readonly example: string
  readonly settings: readonly (readonly [name: string, about: string])[]
}

const withName: MethodHelp['settings'] = [
  ['username', 'The name to log in with.'],
  ['password', 'The password; asked for on the terminal if it is not given.'],
]

const METHODS: Readonly<Record<string, MethodHelp>> = {
  token: {
    about: 'The token method logs in with a token that exists already.',
    example: 'login hvs.CAESI…',
    settings: [['lookup', 'false keeps the token without asking the server about it.']],
  },
  userpass: {
    about: 'The userpass method knows users by name and password.',
    example: 'login -method=userpass username=ada',
    settings: withName,
  },
  ldap: {
    about: 'The ldap method asks a directory for the password of a user.',
    example: 'login -method=ldap username=ada',
    settings: withName,
  },
  radius: {
    about: 'The radius method asks a RADIUS server for the password of a user.',
    example: 'login -method=radius username=ada',
    settings: withName,
  },
  approle: {
    about: 'The approle method is for programs: a role id and a secret id.',
    example: 'login -method=approle role_id=@role_id secret_id=@secret_id',
    settings: [
      ['role_id', 'The id of the role.'],
      ['secret_id', 'The secret id, unless the role does without.'],
    ],
  },
  jwt: {
    about: 'The jwt method takes a signed token of another system.',
    example: 'login -method=jwt role=ci jwt=@token',
    settings: [
      ['role', 'The role to log in to; the default role without it.'],
      ['jwt', 'The signed token.'],
    ],
  },
  kubernetes: {
    about: 'The kubernetes method takes the service account token of a pod.',
    example:
      'login -method=kubernetes role=web jwt=@/var/run/secrets/kubernetes.io/serviceaccount/token',
    settings: [
      ['role', 'The role to log in to.'],
      ['jwt', 'The token of the service account.'],
    ],
  },
  cert: {
    about: 'The cert method takes the TLS certificate of the connection.',
    example: 'login -method=cert -client-cert=cert.pem -client-key=key.pem',
    settings: [['name', 'The certificate role to log in to; all are tried without it.']],
  },
}

const methodHelp = (type: string): MethodHelp | undefined =>
  Object.hasOwn(METHODS, type) ? METHODS[type] : undefined

export const authHelp = defineCommand({
  name: 'auth help',
  synopsis: 'Show how to log in with an auth method',
  usage: '[options] TYPE | PATH',
  about: ['Shows how to log in with a method, by its type or by the path where it is enabled.'],
  examples: [
    { does: 'By type:', run: ['{} auth help userpass'] },
    { does: 'By path:', run: ['{} auth help staff/'] },
  ],
  output: [],
  arity: ONE_ARGUMENT,
  completes: [Object.keys(METHODS)],
  async run({ ui, env, args, client }) {
    let type = args[0]!.trim()
    if (!methodHelp(type)) {
      const api = await client()
      const answer = await attempt('Error listing auth methods', () => api.read('sys/auth'))
      const path = folderPath(barePath(type))
      const mount = mapOf(answer?.data, path)
      if (!mount) throw new Failure(1, `No auth method available on the server at "${path}"`)
      type = textOf(mount, 'type')
    }
    const help = methodHelp(type)
    if (!help) {
      throw new Failure(
        2,
        `There is no help for the auth method "${type}"; "${env.calledAs} login -method=${type} ` +
          'K=V…" writes what is given to its login path.',
      )
    }
    ui.out(`${help.about}\n\n    $ ${env.calledAs} ${help.example}\n\nWhat it takes:`)
    for (const [name, about] of help.settings) ui.out(`\n  ${name}=<string>\n      ${about}`)
    return 0
  },
})
