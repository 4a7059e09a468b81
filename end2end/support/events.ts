// Events as GENESIS sends them, and a plausible history of some users.
import { randomUUID } from 'node:crypto';

export type Tier = 'essential' | 'pro' | 'elite' | 'prime' | 'longevity';

export interface UsageEvent {
  event_id: string;
  user_id: string;
  organization_id?: string;
  agent_id: string;
  session_id: string;
  tokens_used: number;
  response_time_ms: number;
  timestamp: string;
  subscription_tier: Tier;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Tokens a month by tier. */
export const TOKENS: Record<Tier, number> = {
  essential: 50_000,
  pro: 150_000,
  elite: 500_000,
  prime: 1_000_000,
  longevity: 1_000_000,
};

/** An event of now, but for what is said. */
export function event(fields: Partial<UsageEvent> & { user_id: string }): UsageEvent {
  return {
    event_id: randomUUID(),
    agent_id: 'NEXUS',
    session_id: `s-${fields.user_id.slice(0, 40)}`,
    tokens_used: 1_200,
    response_time_ms: 900,
    timestamp: new Date().toISOString(),
    subscription_tier: 'pro',
    ...fields,
  };
}

/** Users that tests look for by name. */
export const USERS = {
  /** At 97% of the month's tokens. */
  exceeded: 'lucia.fernandez',
  /** At 85%. */
  approaching: 'mateo.rojas',
  /** An id longer than its place. */
  long: 'integracion-de-pruebas_operaciones.latinoamerica+genesis@clientes-de-ngx.example.com',
  /** Uses a billion tokens in one interaction that takes a day. */
  huge: 'colosal.prime',
  /** Uses an agent that nobody has heard of. */
  unknownAgent: 'valentina.mora',
  /** Uses an agent that the tier does not include. */
  outside: 'tomas.ibarra',
  /** Has more events than one page of them. */
  busy: 'camila.duarte',
} as const;

/** How many of the users in {@link history} only fill the list. */
export const FILLERS = 60;
/** An agent that no tier names. */
export const UNKNOWN_AGENT = 'ORACLE-9';

/** The same numbers every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** The last 20 days of some users: all tiers, and all that strains a page. */
export function history(now = new Date()): UsageEvent[] {
  const events: UsageEvent[] = [];
  const chance = random(7);
  const at = (daysAgo: number, minutesAgo: number) =>
    new Date(now.getTime() - daysAgo * DAY - minutesAgo * MINUTE).toISOString();
  const regulars: [string, Tier, string[], string?][] = [
    [USERS.exceeded, 'essential', ['NEXUS', 'BLAZE'], 'clinica-aurora'],
    [USERS.approaching, 'pro', ['NEXUS', 'SAGE', 'ARIA'], 'grupo-andino'],
    [USERS.long, 'elite', ['CIPHER', 'ECHO', 'NEXUS'], 'organizacion-con-un-nombre-que-no-cabe-en-ninguna-columna'],
    [USERS.unknownAgent, 'longevity', ['HELIX', UNKNOWN_AGENT]],
    [USERS.outside, 'essential', ['BLAZE', 'QUANTUM'], 'talleres-ibarra'],
    [USERS.busy, 'prime', ['NOVA', 'FLUX', 'VERTEX', 'HELIX', 'SAGE'], 'duarte-y-asociados'],
  ];
  for (const [user_id, subscription_tier, agents, organization_id] of regulars) {
    for (let day = 19; day >= 0; day--) {
      for (let n = 0; n < (user_id === USERS.busy ? 6 : 2); n++) {
        events.push(
          event({
            user_id,
            organization_id,
            subscription_tier,
            agent_id: agents[(day + n) % agents.length] ?? 'NEXUS',
            tokens_used: 150 + Math.floor(chance() * 450),
            response_time_ms: 300 + Math.floor(chance() * (agents.includes('CIPHER') ? 9_000 : 2_500)),
            timestamp: at(day, 10 + Math.floor(chance() * 600)),
          }),
        );
      }
    }
  }
  events.push(
    event({ user_id: USERS.huge, subscription_tier: 'prime', tokens_used: 1_000_000_000, response_time_ms: 86_400_000, timestamp: at(0, 4) }),
  );
  for (let n = 1; n <= FILLERS; n++) {
    const subscription_tier = (['essential', 'pro', 'elite', 'prime', 'longevity'] as const)[n % 5] ?? 'pro';
    const user_id = `cliente-${String(n).padStart(3, '0')}`;
    events.push(event({ user_id, subscription_tier, tokens_used: 40 + n, timestamp: at(0, 3) }));
  }
  // What is missing to the share of the month's tokens that a user stands for, whatever day of the month it is.
  for (const [user_id, share] of [
    [USERS.exceeded, 0.97],
    [USERS.approaching, 0.85],
  ] as const) {
    const month = now.toISOString().slice(0, 7);
    const mine = events.filter((e) => e.user_id === user_id);
    const { subscription_tier = 'pro', organization_id } = mine[0] ?? {};
    const used = mine.filter((e) => e.timestamp.startsWith(month)).reduce((sum, e) => sum + e.tokens_used, 0);
    const tokens_used = Math.ceil(TOKENS[subscription_tier] * share) - used;
    events.push(event({ user_id, organization_id, subscription_tier, tokens_used, timestamp: now.toISOString() }));
  }
  return events;
}

/** Sums of events that a filter lets through. */
export function totals(events: UsageEvent[], keep: (e: UsageEvent) => boolean = () => true) {
  const kept = events.filter(keep);
  return {
    interactions: kept.length,
    tokens: kept.reduce((sum, e) => sum + e.tokens_used, 0),
    activeUsers: new Set(kept.map((e) => e.user_id)).size,
  };
}

/** Whether an event is of the last `days` days (UTC) with today. */
export function within(days: number): (e: UsageEvent) => boolean {
  const first = new Date(Date.now() - (days - 1) * DAY).toISOString().slice(0, 10);
  return (e) => e.timestamp.slice(0, 10) >= first;
}
