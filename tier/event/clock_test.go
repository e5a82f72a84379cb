package event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/event"
)

const clockLayout = "Mon 2006-01-02 15:04 -0700"

// TestClock: when an expression fires next, from Saturday 2026-02-28 23:59 UTC on.
func TestClock(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 2, 28, 23, 59, 0, 0, time.UTC)
	for _, tt := range []struct{ expression, zone, want string }{
		{"rate(1 minute)", "UTC", "Sun 2026-03-01 00:00 +0000"},
		{"rate(36 hours)", "UTC", "Mon 2026-03-02 11:59 +0000"},
		{"rate(2 days)", "Europe/Berlin", "Mon 2026-03-02 23:59 +0000"},
		{"cron(0 3 * * ? *)", "UTC", "Sun 2026-03-01 03:00 +0000"},
		{"cron(59 23 * * ? *)", "UTC", "Sun 2026-03-01 23:59 +0000"},
		{"cron(0 3 * * ? *)", "America/New_York", "Sun 2026-03-01 03:00 -0500"},
		{"cron(0/15 8-17 ? * MON-FRI *)", "UTC", "Mon 2026-03-02 08:00 +0000"},
		{"cron(5/15 8-17 ? * mon,Wed *)", "UTC", "Mon 2026-03-02 08:05 +0000"},
		{"cron(*/20 * 1 * ? *)", "UTC", "Sun 2026-03-01 00:00 +0000"},
		{"cron(0 9 L * ? *)", "UTC", "Tue 2026-03-31 09:00 +0000"},
		{"cron(0 9 LW * ? *)", "UTC", "Tue 2026-03-31 09:00 +0000"},
		{"cron(0 9 LW 5 ? *)", "UTC", "Fri 2026-05-29 09:00 +0000"},  // the 31st is a Sunday
		{"cron(0 9 15W * ? *)", "UTC", "Mon 2026-03-16 09:00 +0000"}, // the 15th is a Sunday
		{"cron(0 9 1W 8 ? *)", "UTC", "Mon 2026-08-03 09:00 +0000"},  // the 1st is a Saturday
		{"cron(0 9 31W * ? *)", "UTC", "Tue 2026-03-31 09:00 +0000"},
		{"cron(0 9 31W 5 ? *)", "UTC", "Fri 2026-05-29 09:00 +0000"},
		{"cron(0 9 ? * 2#1 *)", "UTC", "Mon 2026-03-02 09:00 +0000"},
		{"cron(0 9 ? * SUN#5 *)", "UTC", "Sun 2026-03-29 09:00 +0000"},
		{"cron(0 9 ? * 6L *)", "UTC", "Fri 2026-03-27 09:00 +0000"},
		{"cron(0 9 ? * L *)", "UTC", "Sat 2026-03-07 09:00 +0000"},
		{"cron(0 0 29 2 ? *)", "UTC", "Tue 2028-02-29 00:00 +0000"},
		{"cron(0 0 1 JAN ? 2030-2032)", "UTC", "Tue 2030-01-01 00:00 +0000"},
		{"cron(0 0 1 1 ? 1970/50)", "UTC", "Wed 2070-01-01 00:00 +0000"},
		{"cron(30 2 29 3 ? *)", "Europe/Berlin", "Mon 2027-03-29 02:30 +0200"}, // in 2026 clocks go from 2:00 to 3:00
		{"cron(30 2 25 10 ? *)", "Europe/Berlin", "Sun 2026-10-25 02:30 +0"},   // which comes twice
		{"cron(0 0 1 1 ? 2020)", "UTC", ""},
	} {
		c, err := event.ParseClock(tt.expression, tt.zone)
		if err != nil {
			t.Errorf("%s: %v", tt.expression, err)
			continue
		}
		got := ""
		if next := c.Next(from); !next.IsZero() {
			got = next.Format(clockLayout)
		}
		if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s in %s: next = %q, want %q", tt.expression, tt.zone, got, tt.want)
		}
	}
}

// TestClockTwice: a time that comes twice, as clocks are set back, counts once.
func TestClockTwice(t *testing.T) {
	t.Parallel()
	c, err := event.ParseClock("cron(0,30 2 * * ? *)", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	for _, want := range []string{"Sun 2026-10-25 02:00", "Sun 2026-10-25 02:30", "Mon 2026-10-26 02:00"} {
		if at = c.Next(at); !strings.HasPrefix(at.Format(clockLayout), want) {
			t.Errorf("next = %s, want %s", at.Format(clockLayout), want)
		}
	}
}

// TestClockMistakes: what AWS would refuse at the deployment, and cfn-lint does not,
// is refused before.
func TestClockMistakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ expression, zone, want string }{
		{"", "UTC", "write rate(5 minutes) or cron(0 3 * * ? *)"},
		{"0 3 * * ? *", "UTC", "write rate(5 minutes)"},
		{"at(2026-01-01T00:00:00)", "UTC", "write rate(5 minutes)"},
		{"rate(5 minutes", "UTC", "write rate(5 minutes)"},
		{"rate(5)", "UTC", `the unit ""`},
		{"rate(1 minutes)", "UTC", "write 1 minute"},
		{"rate(5 minute)", "UTC", "write 5 minutes"},
		{"rate(30 seconds)", "UTC", "write minutes, hours or days"},
		{"rate(0 minutes)", "UTC", "write a number from 1 on"},
		{"rate(-1 minutes)", "UTC", "write a number from 1 on"},
		{"rate(+5 minutes)", "UTC", "write a number from 1 on"},
		{"rate(1.5 hours)", "UTC", "write a number from 1 on"},
		{"rate(1000000 days)", "UTC", "write a number from 1 on"},
		{"rate( minutes)", "UTC", "write a number from 1 on"},
		{"cron(0 3 * * ?)", "UTC", "it has 5 fields"},
		{"cron(0 3 * * * *)", "UTC", `day-of-month is "*" and day-of-week "*"; one of them must be ?`},
		{"cron(0 3 ? * ? *)", "UTC", "one of them must be ?"},
		{"cron(60 3 * * ? *)", "UTC", `minutes "60": write 0 to 59`},
		{"cron(0 24 * * ? *)", "UTC", `hours "24": write 0 to 23`},
		{"cron(0 3 0 * ? *)", "UTC", `day-of-month "0": write 1 to 31`},
		{"cron(0 3 32W * ? *)", "UTC", `day-of-month "32": write 1 to 31`},
		{"cron(0 3 * 13 ? *)", "UTC", `month "13": write 1 to 12`},
		{"cron(0 3 * JANU ? *)", "UTC", `month "JANU"`},
		{"cron(0 3 * ANF ? *)", "UTC", `month "ANF"`},
		{"cron(0 3 ? * 0 *)", "UTC", `day-of-week "0": write 1 to 7`},
		{"cron(0 3 ? * 2#6 *)", "UTC", "write 1 to 5 behind the #"},
		{"cron(0 3 ? * FRI-MON *)", "UTC", "the end is before the beginning"},
		{"cron(0/0 3 * * ? *)", "UTC", "write a step from 1 to 59"},
		{"cron(0/5/5 3 * * ? *)", "UTC", "write a step from 1 to 59"},
		{"cron(, 3 * * ? *)", "UTC", `minutes ""`},
		{"cron(0 3 * * ? 1969)", "UTC", `year "1969": write 1970 to 2199`},
		{"cron(0 3 ? ? 2 *)", "UTC", `month "?"`},
		{"cron(0 0 31 2 ? *)", "UTC", "no such day ever comes"},
		{"cron(30 2 29 3 ? 2026)", "Europe/Berlin", "no such day ever comes"}, // clocks go from 2:00 to 3:00
		{"rate(1 day)", "", "write a name of the tz database"},
		{"rate(1 day)", "Local", "write a name of the tz database"},
		{"rate(1 day)", "Mars/Olympus", "does not have it"},
	} {
		if _, err := event.ParseClock(tt.expression, tt.zone); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseClock(%q, %q) = %v, want %q", tt.expression, tt.zone, err, tt.want)
		}
	}
}

// FuzzClock: no expression panics; what is taken goes on, or ends, but not back.
func FuzzClock(f *testing.F) {
	for _, seed := range []string{"rate(5 minutes)", "cron(0/15 8-17 ? * MON-FRI *)", "cron(0 9 LW * ? *)", "cron(0 9 ? * 6L 2030/2)", "cron(0 9 15W * ? *)", "cron(0 9 ? * 2#1 *)"} {
		f.Add(seed, int64(1_774_000_000))
	}
	f.Fuzz(func(t *testing.T, expression string, unix int64) {
		c, err := event.ParseClock(expression, "Europe/Berlin")
		if err != nil {
			return
		}
		at := time.Unix(unix%7_000_000_000, 0)
		for range 3 {
			next := c.Next(at)
			if next.IsZero() {
				return
			}
			if !next.After(at) {
				t.Fatalf("%s: %v, and then %v", expression, at, next)
			}
			at = next
		}
	})
}
