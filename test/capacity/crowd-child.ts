/** A crowd of light clients in a process of its own. */
import { Crowd, type CrowdFigures, type CrowdSettings } from './crowd.js';
import { answerOrders } from './orders.js';

export type CrowdOrders = {
  fill(given: { readonly to: number; readonly atOnce: number }): Promise<void>;
  empty(given: { readonly atOnce: number }): Promise<void>;
  talk(given: { readonly perSecond: number }): void;
  churn(given: { readonly perSecond: number }): void;
  settle(given: null): Promise<void>;
  expectNews(given: { readonly n: number }): Promise<void>;
  figures(given: null): CrowdFigures;
};

let crowd: Crowd;

answerOrders({
  begin: (settings: CrowdSettings) => {
    crowd = new Crowd(settings);
  },
  fill: (given: Parameters<Crowd['fill']>[0]) => crowd.fill(given),
  empty: (given: Parameters<Crowd['empty']>[0]) => crowd.empty(given),
  talk: (given: Parameters<Crowd['talk']>[0]) => crowd.talk(given),
  churn: (given: Parameters<Crowd['churn']>[0]) => crowd.churn(given),
  settle: () => crowd.settle(),
  expectNews: (given: Parameters<Crowd['expectNews']>[0]) => crowd.expectNews(given),
  figures: () => crowd.figures(),
});
