package middleware

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// directives are what Cache-Control says, of a request or of an answer. Those that were
// not said are zero, or have a bool that says so.
//
// See https://www.rfc-editor.org/rfc/rfc9111#section-5.2
type directives struct {
	noStore, noCache, onlyKept, private, strict bool

	limitsAge, limitsShared, staleMaking, staleError bool
	maxAge, sharedAge, whileMaking, onError          time.Duration
	minFresh                                         time.Duration
}

// directivesOf reads Cache-Control, or Pragma where there is none.
func directivesOf(lines, pragma []string) (d directives) {
	if len(lines) == 0 {
		for _, line := range pragma {
			d.noCache = d.noCache || strings.EqualFold(strings.TrimSpace(line), "no-cache")
		}
	}
	for _, line := range lines {
		for line != "" {
			var part string
			part, line = cutList(line)
			name, value, _ := strings.Cut(part, "=")
			d.add(strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	return d
}

func (d *directives) add(name, value string) {
	switch name {
	case "no-store":
		d.noStore = true
	case "no-cache":
		d.noCache = true
	case "only-if-cached":
		d.onlyKept = true
	case "private":
		d.private = true
	case "must-revalidate", "proxy-revalidate":
		d.strict = true
	case "max-age":
		d.maxAge, d.limitsAge = seconds(value), true
	case "s-maxage":
		d.sharedAge, d.limitsShared = seconds(value), true
	case "min-fresh":
		d.minFresh = seconds(value)
	case "stale-while-revalidate":
		d.whileMaking, d.staleMaking = seconds(value), true
	case "stale-if-error":
		d.onError, d.staleError = seconds(value), true
	}
}

// seconds are those of a directive; what is no number is 0, which is stale.
func seconds(value string) time.Duration {
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return 0
	}
	return time.Duration(min(n, uint64(maxFresh/time.Second))) * time.Second
}

// cutList cuts a list at its first comma outside of quotation marks.
func cutList(line string) (part, rest string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ',':
			return strings.TrimSpace(line[:i]), line[i+1:]
		}
	}
	return strings.TrimSpace(line), ""
}

// keptStatus are the statuses of which answers are kept.
func keptStatus(status int) bool {
	switch status {
	case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414:
		return true
	}
	return false
}

// slack is how much later than the handler's end the cache may begin to count.
const slack = 50 * time.Millisecond

// keepable is what is kept of an answer, and for how long it is fresh. Of one that must
// not be kept that is the fact alone.
func (l *lookup) keepable(resp *handler.Response, now time.Time) (kept, time.Duration) {
	pass := kept{pass: true}
	said := directivesOf(resp.Header.Values("Cache-Control"), nil)
	switch {
	case resp.Stream != nil || resp.Err != nil || !keptStatus(resp.StatusCode()),
		said.noStore || said.noCache || said.private && !l.known,
		len(resp.Header.Values("Set-Cookie")) > 0 || len(resp.Body) > l.MaxBytes || !l.varies(resp.Header):
		return pass, passFor
	}
	age := min(seconds(resp.Header.Get("Age")), maxFresh)
	fresh, ok := l.fresh(resp.Header, said, now)
	if !ok && resp.StatusCode() < http.StatusBadRequest {
		fresh = l.ttl
	}
	if fresh = min(fresh, maxFresh) - age; fresh <= 0 {
		return pass, passFor
	}
	k := kept{status: resp.StatusCode(), header: resp.Header, body: resp.Body, made: now, age: age, until: now.Add(fresh + slack)}
	k.whileMaking, k.onError = l.stale(said)
	return k, fresh
}

// fresh is how long an answer says that it is fresh, if it does.
//
// See https://www.rfc-editor.org/rfc/rfc9111#section-4.2.1
func (l *lookup) fresh(h http.Header, said directives, now time.Time) (time.Duration, bool) {
	expires := h.Values("Expires")
	switch {
	case said.limitsShared && !l.known:
		return said.sharedAge, true
	case said.limitsAge:
		return said.maxAge, true
	case len(expires) == 0:
		return 0, false
	}
	end, err := http.ParseTime(expires[0])
	if err != nil {
		return 0, true // "0" and the like have expired
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return end.Sub(now), true
}

// stale is how long an answer may be given after it has expired.
//
// See https://www.rfc-editor.org/rfc/rfc5861
func (l *lookup) stale(said directives) (whileMaking, onError time.Duration) {
	if said.strict || said.limitsShared && !l.known {
		return 0, 0
	}
	whileMaking, onError = l.Stale, l.Stale
	if said.staleMaking {
		whileMaking = said.whileMaking
	}
	if said.staleError {
		onError = said.onError
	}
	return whileMaking, onError
}

// varies reports whether all on which an answer says that it depends is in the key.
func (l *lookup) varies(h http.Header) bool {
	for _, line := range h.Values("Vary") {
		for name := range strings.SplitSeq(line, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if _, known := slices.BinarySearch(l.Headers, name); name != "" && !known {
				return false
			}
		}
	}
	return true
}
