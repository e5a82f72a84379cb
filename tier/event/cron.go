package event

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// The years that a cron expression knows.
const (
	minYear = 1970
	maxYear = 2199
)

// cron is a cron expression as AWS has it.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
type cron struct {
	minutes, hours, months uint64 // bit n: n is one
	days                   days
	weekdays               weekdays
	years                  []bool // from minYear on; nil for all
}

// days of a month.
type days struct {
	any         bool // "?"
	list        uint64
	last        bool // "L"
	lastWeekday bool // "LW"
	nearest     int  // 15 for "15W"; else 0
}

// weekdays of a month, SUN is 1.
type weekdays struct {
	any      bool // "?"
	list     uint64
	last     int // 6 for "6L", the last Friday; else 0
	day, nth int // 2, 1 for "2#1", the first Monday; else 0
}

// field is what one of the six may hold.
type field struct {
	name     string
	from, to int
	names    string // of the values, three letters each, from on
}

var (
	minuteField  = field{"minutes", 0, 59, ""}
	hourField    = field{"hours", 0, 23, ""}
	dayField     = field{"day-of-month", 1, 31, ""}
	monthField   = field{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"}
	weekdayField = field{"day-of-week", 1, 7, "SUNMONTUEWEDTHUFRISAT"}
	yearField    = field{"year", minYear, maxYear, ""}
)

func parseCron(text string) (*cron, error) {
	parts := strings.Fields(text)
	if len(parts) != 6 {
		return nil, fmt.Errorf("it has %d fields; write 6: minutes hours day-of-month month day-of-week year", len(parts))
	}
	if (parts[2] == "?") == (parts[4] == "?") {
		return nil, fmt.Errorf("day-of-month is %q and day-of-week %q; one of them must be ?", parts[2], parts[4])
	}
	c := &cron{}
	var err error
	set := func(to *uint64, f field, part string) {
		if err == nil {
			*to, err = f.bits(part)
		}
	}
	set(&c.minutes, minuteField, parts[0])
	set(&c.hours, hourField, parts[1])
	set(&c.months, monthField, parts[3])
	if err == nil {
		c.days, err = parseDays(parts[2])
	}
	if err == nil {
		c.weekdays, err = parseWeekdays(parts[4])
	}
	if err == nil && parts[5] != "*" {
		c.years = make([]bool, maxYear-minYear+1)
		err = yearField.each(parts[5], func(year int) { c.years[year-minYear] = true })
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// bits are the values of a field below 64.
func (f field) bits(text string) (set uint64, err error) {
	err = f.each(text, func(n int) { set |= 1 << n })
	return set, err
}

// each goes over the values of a field: "1,5-10,0/15,*".
func (f field) each(text string, yield func(int)) error {
	for part := range strings.SplitSeq(text, ",") {
		from, to, step, err := f.span(part)
		if err != nil {
			return err
		}
		for n := from; n <= to; n += step {
			yield(n)
		}
	}
	return nil
}

// span reads a part of a field: "5", "5-10", "*", each with "/2" behind it or not. A
// single value with a step stands for all from it on.
func (f field) span(text string) (from, to, step int, err error) {
	values, by, stepped := strings.Cut(text, "/")
	step = 1
	if stepped {
		if step, err = digits(by); err != nil || step < 1 || step > f.to {
			return 0, 0, 0, fmt.Errorf("%s %q: write a step from 1 to %d behind the slash", f.name, text, f.to)
		}
	}
	if values == "*" {
		return f.from, f.to, step, nil
	}
	low, high, ranged := strings.Cut(values, "-")
	if from, err = f.value(low); err != nil {
		return 0, 0, 0, err
	}
	switch {
	case ranged:
		if to, err = f.value(high); err == nil && to < from {
			err = fmt.Errorf("%s %q: the end is before the beginning; write two ranges", f.name, text)
		}
	case stepped:
		to = f.to
	default:
		to = from
	}
	return from, to, step, err
}

// value reads a number or the name of a month or a day.
func (f field) value(text string) (int, error) {
	if n, err := digits(text); err == nil && n >= f.from && n <= f.to {
		return n, nil
	}
	if i := strings.Index(f.names, strings.ToUpper(text)); len(text) == 3 && i >= 0 && i%3 == 0 {
		return f.from + i/3, nil
	}
	return 0, fmt.Errorf("%s %q: write %d to %d", f.name, text, f.from, f.to)
}

// digits is a number without a sign.
func digits(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}

func parseDays(text string) (d days, err error) {
	day, nearest := strings.CutSuffix(text, "W")
	switch {
	case text == "?":
		d.any = true
	case text == "L":
		d.last = true
	case text == "LW":
		d.lastWeekday = true
	case nearest:
		d.nearest, err = dayField.value(day)
	default:
		d.list, err = dayField.bits(text)
	}
	return d, err
}

func parseWeekdays(text string) (w weekdays, err error) {
	day, nth, numbered := strings.Cut(text, "#")
	of, last := strings.CutSuffix(text, "L")
	switch {
	case text == "?":
		w.any = true
	case text == "L": // of a week it is Saturday
		w.list = 1 << 7
	case numbered:
		if w.day, err = weekdayField.value(day); err != nil {
			return w, err
		}
		if w.nth, err = digits(nth); err != nil || w.nth < 1 || w.nth > 5 {
			err = fmt.Errorf("day-of-week %q: write 1 to 5 behind the #", text)
		}
	case last:
		w.last, err = weekdayField.value(of)
	default:
		w.list, err = weekdayField.bits(text)
	}
	return w, err
}

// next is the first time after the given one, zero if there is none.
func (c *cron) next(after time.Time, zone *time.Location) time.Time {
	local := after.In(zone)
	year, month, day := local.Date()
	for date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); date.Year() <= maxYear; date = c.following(date) {
		if !c.on(date) {
			continue
		}
		if t := c.at(date, after, zone); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// following is the day after date, or the first of the next month or year that can
// have one.
func (c *cron) following(date time.Time) time.Time {
	switch {
	case !c.inYear(date.Year()):
		return time.Date(date.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	case c.months&(1<<date.Month()) == 0:
		return time.Date(date.Year(), date.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return date.AddDate(0, 0, 1)
}

func (c *cron) inYear(year int) bool {
	return year >= minYear && year <= maxYear && (c.years == nil || c.years[year-minYear])
}

// on reports whether it fires on a day.
func (c *cron) on(date time.Time) bool {
	return c.inYear(date.Year()) && c.months&(1<<date.Month()) != 0 && c.days.on(date) && c.weekdays.on(date)
}

func (d *days) on(date time.Time) bool {
	switch last := lastDay(date); {
	case d.any:
		return true
	case d.last:
		return date.Day() == last
	case d.lastWeekday:
		return date.Day() == nearestWeekday(date, last)
	case d.nearest > 0:
		return d.nearest <= last && date.Day() == nearestWeekday(date, d.nearest)
	}
	return d.list&(1<<date.Day()) != 0
}

func (w *weekdays) on(date time.Time) bool {
	day := int(date.Weekday()) + 1
	switch {
	case w.any:
		return true
	case w.nth > 0:
		return day == w.day && (date.Day()-1)/7+1 == w.nth
	case w.last > 0:
		return day == w.last && date.Day()+7 > lastDay(date)
	}
	return w.list&(1<<day) != 0
}

// lastDay of the month of date.
func lastDay(date time.Time) int {
	return time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// nearestWeekday is the day from Monday to Friday of the month of date that is nearest
// to day.
func nearestWeekday(date time.Time, day int) int {
	switch time.Date(date.Year(), date.Month(), day, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == lastDay(date) {
			return day - 2
		}
		return day + 1
	}
	return day
}

// at is the first time on a day that is after another, zero if there is none. One that
// the clocks of the zone leave out is none.
func (c *cron) at(date, after time.Time, zone *time.Location) time.Time {
	for hours := c.hours; hours != 0; hours &= hours - 1 {
		hour := bits.TrailingZeros64(hours)
		for minutes := c.minutes; minutes != 0; minutes &= minutes - 1 {
			minute := bits.TrailingZeros64(minutes)
			t := time.Date(date.Year(), date.Month(), date.Day(), hour, minute, 0, 0, zone)
			if t.After(after) && t.Hour() == hour && t.Minute() == minute {
				return t
			}
		}
	}
	return time.Time{}
}
