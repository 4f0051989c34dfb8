import { log } from '../../../log';

const prices: Readonly<Record<string, number>> = { tea: 420, coffee: 380 };

export async function GET(_request: Request, { params }: { params: Promise<{ article: string }> }) {
  const { article } = await params;
  log.debug({ article }, 'price requested');
  const cents = await priceOf(article);
  log.info({ article, cents }, 'price found');
  return Response.json({ article, cents });
}

async function priceOf(article: string): Promise<number> {
  log.debug({ known: Object.keys(prices) }, 'prices loaded');
  const cents = prices[article];
  if (cents === undefined) throw new RangeError(`no price for ${article}`);
  return cents;
}
