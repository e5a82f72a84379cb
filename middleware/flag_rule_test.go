package middleware_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// ruled are flags of which the one called name is on if a rule holds.
func ruled(name, rule string) middleware.FlagSet {
	text, err := json.Marshal(rule)
	if err != nil {
		panic(err)
	}
	return middleware.FlagDocument(fmt.Sprintf(`{"version":"1","flags":{%q:{"name":"x"}},"values":{%[1]q:{"_variants":[
		{"name":"fits","enabled":true,"rule":%s},{"name":"default","enabled":false}]}}}`, name, text))
}

// flagsOf are the flags of a document, at one time.
func flagsOf(set middleware.FlagSet) *middleware.Flags {
	return middleware.NewFlags(config.Static(set), &middleware.FlagOptions{
		Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2030, 6, 15, 12, 0, 0, 0, time.UTC) },
	})
}

// TestFlagRules: what each operator says of each type of fact.
func TestFlagRules(t *testing.T) {
	t.Parallel()
	fact := []slog.Attr{
		slog.String("state", "Virginia"), slog.String("age", "66"), slog.Int("size", 66), slog.Float64("share", 0.5),
		slog.Bool("beta", true), slog.String("opted", "true"), slog.String("email", "jo@qa.example.com"), slog.String("empty", ""),
		slog.Time("joined", time.Date(2024, 2, 29, 23, 30, 0, 0, time.FixedZone("", 3600))), slog.String("since", "2024-02"),
		slog.Any("groups", []string{"staff", "10"}), slog.Uint64("big", math.MaxUint64), slog.Float64("nan", math.NaN()),
		slog.Any("strange", struct{ A int }{1}), slog.Duration("took", time.Second), slog.String("word", "NaN"), slog.String("quote", `say "a\b"`),
	}
	for rule, want := range map[string]bool{
		`(eq $state "Virginia")`: true, `(eq $state "virginia")`: false, `(eq "Virginia" $state)`: true, `(eq $nobody "")`: false,
		`(not (eq $nobody "x"))`: true, `(eq $empty "")`: true, `(eq $age 66)`: true, `(eq $age 66.0)`: true, `(eq $age "66.0")`: false,
		`(eq $size "66")`: true, `(eq $size $age)`: true, `(eq $size "big")`: false, `(gt $size "big")`: false, `(lt $size "big")`: false,
		`(gt $age 65)`: true, `(gt $age 66)`: false, `(gte $age 66)`: true, `(lt $age 65.5)`: false, `(lt $age 67)`: true, `(lte $age 66)`: true,
		`(lte $age -7)`: false, `(gt $age "100")`: true, `(gt $age 100)`: false, `(eq $share 5e-1)`: true, `(gt $big 9223372036854775807)`: true,
		`(eq $nan $nan)`: false, `(gte $nan 0)`: false, `(gt $word 0)`: false, `(eq 9007199254740993 9007199254740992)`: false,
		`(eq $beta true)`: true, `(eq $opted true)`: true, `(eq $beta $opted)`: true, `(eq $state true)`: false, `(gt $beta false)`: false,
		`$beta`: true, `$opted`: true, `$state`: false, `$nobody`: false, `true`: true, `false`: false, `(not $beta)`: false, `(eq (gt $age 65) true)`: true,
		`(gt $joined 2024-02)`: true, `(lt $joined 2024-02-29T23:30:00Z)`: true, `(eq $joined 2024-02-29T22:30Z)`: true, `(eq $joined "2024-02-29T23:30:00+01:00")`: true,
		`(gte $since 2024-02-01)`: true, `(lt $joined 2012-03-04T05:06:07.5-08:00)`: false, `(gt $joined 2012)`: false, `(lt $state 2024-01)`: false,
		`(and (gte $now 2030-06-01) (lt $now 2030-07))`: true, `(gt $now 2030-06-15T12:00:00Z)`: false,
		`(and (eq $state "Virginia") (gt $age 65))`: true, `(and (eq $state "Virginia") (gt $age 66))`: false, `(and true true false)`: false,
		`(or (eq $state "Ohio") (gt $age 65))`: true, `(or (eq $state "Ohio") false)`: false,
		`(begins_with $state "Vi")`: true, `(begins_with $state "vi")`: false, `(ends_with $email "qa.example.com")`: true, `(ends_with $nobody "")`: false,
		`(contains $state "gini")`: true, `(contains $size "6")`: true, `(begins_with $share "0.")`: true, `(contains $joined "T22:30")`: true, `(ends_with $beta "ue")`: true,
		`(contains $groups "staff")`: true, `(contains $groups "sta")`: false, `(contains $groups 10)`: true, `(eq $groups "staff")`: false, `(begins_with $groups "")`: false,
		`(in $state ["Ohio", "Virginia"])`: true, `(in $state ["Ohio"])`: false, `(in $size ["65", "66"])`: true, `(in $age [65, 66])`: true, `(in $nobody [""])`: false,
		`(in $state ["Ohio", "Ohio"])`: false, `(in $state [1, "Virginia", 2024-01, true])`: true, `(in $groups ["staff"])`: false,
		`(exists key::"state")`: true, `(exists key::"empty")`: true, `(exists key::"nobody")`: false, `(exists key::"strange")`: false, `(exists key::"took")`: false, `(exists key::"now")`: true,
		`(split pct::100 by::$state)`: true, `(split pct::0 by::$state)`: false, `(split by::$state pct::100.0 seed::"a")`: true, `(split pct::100 by::$nobody)`: false, `(split pct::100 by::$groups)`: false,
		"\n ( and\t( eq $state\"Virginia\" ) (not(eq $size 1)) )\r\n": true, `(eq $quote "say \"a\\b\"")`: true, `(eq $state "Ḽơᶉëᶆ ȋṕšᶙṁ")`: false,
	} {
		if got := middleware.NewFlag(flagsOf(ruled("f", rule)), "f", false).Get(t.Context(), fact...); got != want {
			t.Errorf("%s = %v, want %v", rule, got, want)
		}
	}
}

// TestFlagRuleMistakes: a rule that cannot be evaluated makes its document wrong, and the
// error says where, and what to write.
func TestFlagRuleMistakes(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		``: "an operand is missing", `(`: "is not known", `()`: "is not known", `(eq`: "0 operands", `(eq $a`: "1 operands", `(eq $a 1 2)`: "3 operands",
		`(eq $a 1`: "a ) is missing", `(eq $a 1))`: "more behind its end", `(like $a "x")`: `operator "like" is not known; write one of eq, gt,`,
		`(matches in::$a pattern::"h.*y")`: "matches is not evaluated", `(eq $ 1)`: "$ has no key", `(eq $a Ohio)`: `"Ohio" is no operand`,
		`(eq $a 0x10)`: "no operand", `(eq $a 1e999)`: "no operand", `(eq $a 2024-13)`: "no operand", `(eq $a "x)`: "no end", `(eq $a "\n")`: `neither " nor \`,
		`"x"`: "neither", `(not 1)`: "neither", `(and true "x")`: "neither", `(and true)`: "1 operands", `(not true true)`: "2 operands",
		`(in $a)`: "in has no list", `(in $a [])`: "nothing in it", `(in $a ["a" "b"])`: "neither , nor ]", `(in $a [$b])`: "operand", `(in $a ["a",`: "operand is missing",
		`(exists "a")`: "no name", `(exists of::"a")`: "no key", `(exists key::a)`: "no operand", `(exists key::1)`: "no key", `(exists key::"")`: "no key",
		`(split pct::10)`: "no pct or no by", `(split by::$a)`: "no pct or no by", `(split pct::101 by::$a)`: "cannot be", `(split pct::-1 by::$a)`: "cannot be",
		`(split pct::10 by::"a")`: "cannot be", `(split pct::10 pct::20 by::$a)`: "twice", `(split pct::10 by::$a seed::1)`: "cannot be", `(split 10)`: "no name",
		strings.Repeat("(not ", 100) + "true" + strings.Repeat(")", 100): "nested deeper than 64", `(eq $a "` + strings.Repeat("x", 16384) + `")`: "16384 are allowed",
	} {
		_, err := json.Marshal(ruled("f", rule))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `flag "f": variant "fits": rule: `) {
			t.Errorf("%.60s: error = %v, want %q", rule, err, want)
		}
	}
}

// TestFlagSplit: a split takes its percents, keeps who is in when it grows, and is the
// same for all variants of a flag; for all flags if it has a seed.
func TestFlagSplit(t *testing.T) {
	t.Parallel()
	const users = 20000
	within := func(flag, rule string) map[int]bool {
		f := middleware.NewFlag(flagsOf(ruled(flag, rule)), flag, false)
		in := map[int]bool{}
		for i := range users {
			if f.Get(t.Context(), slog.Int("id", i)) {
				in[i] = true
			}
		}
		return in
	}
	both := func(a, b map[int]bool) (n int) {
		for i := range a {
			if b[i] {
				n++
			}
		}
		return n
	}
	about := func(what string, n int, percent float64) {
		t.Helper()
		if got := float64(n) / users * 100; math.Abs(got-percent) > 1 {
			t.Errorf("%s: %.2f %%, want %v", what, got, percent)
		}
	}
	ten, twenty := within("a", `(split pct::10 by::$id)`), within("a", `(split by::$id pct::20)`)
	about("10 %", len(ten), 10)
	about("20 %", len(twenty), 20)
	about("0.5 %", len(within("a", `(split by::$id pct::0.5)`)), 0.5)
	if got := both(ten, twenty); got != len(ten) {
		t.Errorf("%d of the 10 %% are among the 20 %%, want all %d", got, len(ten))
	}
	about("those of two flags", both(ten, within("b", `(split pct::10 by::$id)`)), 1)
	seeded := within("a", `(split pct::10 by::$id seed::"s")`)
	about("with a seed", len(seeded), 10)
	about("with a seed and without", both(ten, seeded), 1)
	about("with the name of the flag as a seed", both(ten, within("b", `(split pct::10 by::$id seed::"a")`)), 1)
	if got := both(seeded, within("b", `(split pct::10 by::$id seed::"s")`)); got != len(seeded) {
		t.Errorf("%d of %d are the same in another flag with the seed, want all", got, len(seeded))
	}
	if got := both(ten, within("a", `(and (split pct::10 by::$id) (not (split pct::10 by::$id)))`)); got != 0 {
		t.Errorf("%d are in and out", got)
	}
}

// TestFlagSplitStays: who is in is so in every version of the SDK and on every machine.
func TestFlagSplitStays(t *testing.T) {
	t.Parallel()
	f := middleware.NewFlag(flagsOf(ruled("checkout", `(split pct::50 by::$caller)`)), "checkout", false)
	var in strings.Builder
	for i := range 32 {
		if f.Get(t.Context(), slog.Int("caller", i)) {
			fmt.Fprint(&in, i, " ")
		}
	}
	if want := "1 2 6 7 9 10 14 15 19 22 25 26 28 "; in.String() != want {
		t.Errorf("in are %q, want %q", in.String(), want)
	}
}

// FuzzFlagRule: no rule makes a request fail or take long.
func FuzzFlagRule(f *testing.F) {
	for _, rule := range []string{
		`(and (eq $a "b") (gt $n -7.5))`, `(in $a ["x", 1, 2024-01, true])`, `(split pct::10 by::$a seed::"\"\\")`, `(exists key::"a")`,
		`(not (or $a (lte $t 2012-03-04T05:06:07-08:00)))`, `(matches in::$a pattern::"(x+)+")`, `((((`, `(contains "ḽ" $a)`, `(eq $a::1)`,
	} {
		f.Add(rule, "b")
	}
	f.Fuzz(func(t *testing.T, rule, value string) {
		flags := flagsOf(ruled("f", rule))
		got := middleware.NewFlag(flags, "f", false).Get(t.Context(), slog.String("a", value), slog.String("n", value), slog.String("t", value))
		// What the parser takes is the same with its contrary around it.
		if _, err := json.Marshal(ruled("f", rule)); err != nil {
			if got {
				t.Errorf("%q is refused and true", rule)
			}
			return
		}
		if strings.Count(rule, "(") < 60 && len(rule) < 16000 {
			not := middleware.NewFlag(flagsOf(ruled("f", "(not "+rule+")")), "f", got).Get(t.Context(), slog.String("a", value), slog.String("n", value), slog.String("t", value))
			if not == got {
				t.Errorf("%q and its contrary are %v for %q", rule, got, value)
			}
		}
	})
}
