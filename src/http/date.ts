const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH = MONTHS.join('|');
const DAY = 'mon|tue|wed|thu|fri|sat|sun';
const TIME = '([0-9]{2}):([0-9]{2}):([0-9]{2})';

const IMF_FIXDATE = new RegExp(`^(?:${DAY}), ([0-9]{2}) (${MONTH}) ([0-9]{4}) ${TIME} gmt$`, 'i');
const ASCTIME = new RegExp(`^(?:${DAY}) (${MONTH}) ([ 0-9][0-9]) ${TIME} ([0-9]{4})$`, 'i');
const RFC_850 = new RegExp(
  `^(?:mon|tues|wednes|thurs|fri|satur|sun)day, ([0-9]{2})-(${MONTH})-([0-9]{2}) ${TIME} gmt$`,
  'i',
);

/**
 * Parses an HTTP-date in one of its three forms (RFC 9110, section 5.6.7) to milliseconds since the Unix epoch; its names
 * in any case (RFC 9111, section 4.2). Undefined for anything else, and for a date that no calendar has.
 * @param now decides the century of a two-digit year: more than 50 years ahead is the past
 */
export function parseHttpDate(text: string | null | undefined, now: number): number | undefined {
  if (!text) return undefined;
  const imf = IMF_FIXDATE.exec(text);
  if (imf) {
    const [, day = '', month = '', year = '', ...time] = imf;
    return toTime(Number(year), month, day, time);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime) {
    const [, month = '', day = '', hour = '', minute = '', second = '', year = ''] = asctime;
    return toTime(Number(year), month, day, [hour, minute, second]);
  }
  const rfc850 = RFC_850.exec(text);
  if (!rfc850) return undefined;
  const [, day = '', month = '', digits = '', ...time] = rfc850;
  const thisYear = new Date(now).getUTCFullYear();
  const thisCentury = thisYear - (thisYear % 100);
  const limit = new Date(now).setUTCFullYear(thisYear + 50);
  const inCentury = (century: number): number | undefined =>
    toTime(century + Number(digits), month, day, time);
  const thisTime = inCentury(thisCentury);
  return thisTime !== undefined && thisTime > limit ? inCentury(thisCentury - 100) : thisTime;
}

function toTime(
  year: number,
  monthName: string,
  dayDigits: string,
  time: readonly string[],
): number | undefined {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const day = Number(dayDigits);
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // A day that its month does not have would be one of the next.
  if (date.getUTCDate() !== day) return undefined;
  // No time of ours has a leap second: the nearest one is the second before (RFC 9111, section 4.2).
  return date.setUTCHours(hour, minute, Math.min(second, 59));
}
