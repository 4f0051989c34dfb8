// Nest: what its Logger logs at DEBUG in a request is exported only if the request fails.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   npx tsc && node --import burstlog/register dist/main.js
import 'reflect-metadata';
import {
  Controller,
  Get,
  Injectable,
  Logger,
  Module,
  type OnApplicationShutdown,
  Param,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BurstlogLogger } from './burstlog-logger.js';

@Injectable()
export class Prices implements OnApplicationShutdown {
  readonly #log = new Logger(Prices.name);
  readonly #cents: Readonly<Record<string, number>> = { tea: 420, coffee: 380 };

  async of(article: string): Promise<number> {
    this.#log.debug('prices loaded', { known: Object.keys(this.#cents) });
    const cents = this.#cents[article];
    if (cents === undefined) throw new RangeError(`no price for ${article}`);
    return cents;
  }

  onApplicationShutdown(signal: string) {
    this.#log.log(`stopped by ${signal}`);
  }
}

@Controller('price')
export class PriceController {
  readonly #log = new Logger(PriceController.name);
  constructor(private readonly prices: Prices) {}

  @Get(':article')
  async price(@Param('article') article: string) {
    this.#log.debug('price requested', { article });
    const cents = await this.prices.of(article);
    this.#log.log('price found', { article, cents });
    return { article, cents };
  }
}

@Module({ controllers: [PriceController], providers: [Prices] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: new BurstlogLogger() });
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3000);
new Logger('main').log(`listening on port ${app.getHttpServer().address().port}`);
