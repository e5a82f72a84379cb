package event

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Clock is when a schedule fires. It is safe for concurrent use.
type Clock struct {
	every time.Duration // of a rate, 0 for others
	cron  *cron
	zone  *time.Location
}

// ParseClock reads an expression of a schedule, see [NewSchedule], and the time zone
// that a cron expression is read in, which must be in the tz database of this machine.
func ParseClock(expression, zone string) (*Clock, error) {
	if zone == "" || zone == "Local" {
		return nil, fmt.Errorf("event.TimeZone(%q): write a name of the tz database: Europe/Berlin", zone)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("event.TimeZone(%q): this machine's tz database does not have it; write a name as Europe/Berlin", zone)
	}
	c := &Clock{zone: location}
	kind, inside, ok := strings.Cut(expression, "(")
	inside, closed := strings.CutSuffix(inside, ")")
	switch {
	case ok && closed && kind == "rate":
		c.every, err = parseRate(inside)
	case ok && closed && kind == "cron":
		c.cron, err = parseCron(inside)
	default:
		err = fmt.Errorf("write rate(5 minutes) or cron(0 3 * * ? *)")
	}
	if err == nil && c.cron != nil && c.Next(time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		err = fmt.Errorf("no such day ever comes")
	}
	if err != nil {
		return nil, fmt.Errorf("the expression %q: %w", expression, err)
	}
	return c, nil
}

// Next is the first time after the given one, zero if there is none. Of a rate it is
// one interval later.
func (c *Clock) Next(after time.Time) time.Time {
	if c.cron == nil {
		return after.Add(c.every)
	}
	return c.cron.next(after, c.zone)
}

// parseRate reads "5 minutes".
//
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html#eb-rate-expressions
func parseRate(text string) (time.Duration, error) {
	value, unit, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxRate || value[0] == '+' {
		return 0, fmt.Errorf("write a number from 1 on and a unit: 5 minutes")
	}
	one, many := strings.TrimSuffix(unit, "s"), strings.HasSuffix(unit, "s")
	length, known := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[one]
	switch {
	case !known:
		return 0, fmt.Errorf("the unit %q: write minutes, hours or days", unit)
	case n == 1 && many:
		return 0, fmt.Errorf("write 1 %s", one)
	case n > 1 && !many:
		return 0, fmt.Errorf("write %d %ss", n, one)
	}
	return time.Duration(n) * length, nil
}

// maxRate keeps a rate of days within a time.Duration.
const maxRate = 99_999
