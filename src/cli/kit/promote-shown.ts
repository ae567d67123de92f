import { givenUp, type Promotion } from '../../restore/promotion/promotion.ts';

/** What will be exchanged, before somebody confirms it. */
export function shownExchange(promotion: Promotion): string {
  const { dataFolder, aside, unit, wasServing } = promotion;
  const { count, text } = givenUp(promotion);
  return [
    `replaces    ${dataFolder} of ${unit}${wasServing ? '' : ', which does not answer'}`,
    `kept        the old one, as ${aside}`,
    `given up    ${count === 0 ? 'nothing: it has no other transactions' : `${count} transactions, in the old one alone: ${text}`}`,
    '',
  ].join('\n');
}

/** Where the old one is, and what to do next. */
export function shownEnd({ environment, dataFolder, aside, proven, unit }: Promotion): string {
  return [
    `kept        ${aside}: remove it once nobody needs it`,
    `go back     systemctl stop ${unit} && mv -T ${dataFolder} ${proven} && mv -T ${aside} ${dataFolder} && systemctl start ${unit}`,
    `next        ompay backup create -e ${environment}   # its log begins anew`,
    '',
  ].join('\n');
}
