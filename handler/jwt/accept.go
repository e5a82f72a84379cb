package jwt

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// accept holds the claims of a signed token against the settings.
func (s *Settings) accept(c *registered, now time.Time) error {
	if c.Issuer != s.Issuer {
		return errorf(CodeIssuer, "the token is of issuer %s, not of %q", quote(c.Issuer), s.Issuer)
	}
	if err := s.acceptAudience(c); err != nil {
		return err
	}
	if s.TokenUse != "" && c.TokenUse != s.TokenUse {
		return errorf(CodeTokenUse, "the token's \"token_use\" is %s, not %q", quote(c.TokenUse), s.TokenUse)
	}
	return s.acceptTimes(c, now)
}

// acceptAudience judges by "aud" if there is one, else by "client_id".
func (s *Settings) acceptAudience(c *registered) error {
	switch {
	case s.AnyAudience:
		return nil
	case c.forSomebody:
		if !slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(s.Audiences, a) }) {
			return errorf(CodeAudience, "the token is for %s, %s", quote(strings.Join(c.Audience, " ")), accepted("audience", s.Audiences))
		}
	case !c.byClient:
		return errorf(CodeAudience, `the token has neither "aud" nor "client_id"`)
	case !slices.Contains(s.ClientIDs, c.ClientID):
		return errorf(CodeAudience, "the token is for client %s and has no \"aud\", %s", quote(c.ClientID), accepted("client", s.ClientIDs))
	}
	return nil
}

func accepted(what string, list []string) string {
	if len(list) == 0 {
		return "and no " + what + " is accepted"
	}
	return "accepted is " + what + " " + strings.Join(list, ", ")
}

func (s *Settings) acceptTimes(c *registered, now time.Time) error {
	switch {
	case c.timeless != nil:
		return c.timeless
	case c.Expires.IsZero():
		return errorf(CodeMalformed, `the token has no "exp"`)
	case !now.Before(c.Expires.Add(s.Leeway)):
		return errorf(CodeExpired, "the token expired at %s", c.Expires.Format(time.RFC3339))
	case c.notBefore.After(now.Add(s.Leeway)):
		return errorf(CodeNotYetValid, "the token is not valid before %s", c.notBefore.Format(time.RFC3339))
	case c.IssuedAt.After(now.Add(s.Leeway)):
		return errorf(CodeNotYetValid, "the token is issued at %s, in the future", c.IssuedAt.Format(time.RFC3339))
	}
	return nil
}

// maxTime is the last second of the year 9999, after which no time can be
// written as text.
const maxTime = 253402300799

// parseTime reads a NumericDate of RFC 7519: seconds since 1970, which may have
// a fraction, as a JSON number.
func parseTime(number string) (time.Time, error) {
	if seconds, ok := wholeSeconds(number); ok {
		return time.Unix(seconds, 0).UTC(), nil
	}
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return time.Time{}, errors.New("is not a number of seconds")
	}
	if seconds < 0 || seconds > maxTime {
		return time.Time{}, fmt.Errorf("is %s, no time between 1970 and 9999", quote(number))
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
}

// wholeSeconds reads what most times are: up to eleven digits, which are no more than
// maxTime.
func wholeSeconds(number string) (seconds int64, ok bool) {
	const most = 11
	if number == "" || len(number) > most {
		return 0, false
	}
	for i := range len(number) {
		c := number[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		seconds = 10*seconds + int64(c-'0')
	}
	return seconds, true
}
