const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;
const RFC_850 =
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d{2})-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;

/**
 * Parses an HTTP-date in one of its three forms (RFC 9110, section 5.6.7) to milliseconds since the Unix epoch.
 * Undefined for anything else. `now` decides the century of a two-digit year: more than 50 years ahead is the past.
 */
export function parseHttpDate(text: string | null | undefined, now: number): number | undefined {
  if (!text) return undefined;
  if (IMF_FIXDATE.test(text)) return toTime(text);
  const asctime = ASCTIME.exec(text);
  if (asctime) {
    const [, month = '', day = '', time = '', year = ''] = asctime;
    return toTime(`${day.trim()} ${month} ${year} ${time} GMT`);
  }
  const rfc850 = RFC_850.exec(text);
  if (!rfc850) return undefined;
  const [, day = '', month = '', digits = '', time = ''] = rfc850;
  const thisYear = new Date(now).getUTCFullYear();
  const inCentury = (century: number): number | undefined =>
    toTime(`${day} ${month} ${century + Number(digits)} ${time} GMT`);
  const thisCentury = thisYear - (thisYear % 100);
  const thisTime = inCentury(thisCentury);
  const limit = new Date(now).setUTCFullYear(thisYear + 50);
  return thisTime !== undefined && thisTime > limit ? inCentury(thisCentury - 100) : thisTime;
}

function toTime(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
