package warehouse

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// meanings are parts of what Redshift says of a statement that failed, in lower
// case: the Data API has no codes for it. The first that fits counts.
//
// See https://docs.aws.amazon.com/redshift/latest/dg/r_error_codes.html
var meanings = []struct {
	part string
	kind error
}{
	{"permission denied", datastore.ErrDenied},
	{"must be owner", datastore.ErrDenied},
	{"must be superuser", datastore.ErrDenied},
	{"read-only transaction", datastore.ErrDenied},
	{"transaction is read-only", datastore.ErrDenied},
	{"readonly database", datastore.ErrDenied},
	{"password authentication failed", datastore.ErrDenied},

	{"serializable isolation violation", datastore.ErrConflict},
	{"could not serialize access", datastore.ErrConflict},
	{"deadlock detected", datastore.ErrConflict},
	{"conflict with concurrent transaction", datastore.ErrConflict},
	{"concurrent transaction", datastore.ErrConflict},
	{"duplicate key", datastore.ErrConflict},
	{"unique constraint", datastore.ErrConflict},

	{"exceeds the size limit", datastore.ErrTooLarge},
	{"exceeded size limit", datastore.ErrTooLarge},
	{"packet for query is too large", datastore.ErrTooLarge},

	{"out of memory", datastore.ErrUnavailable},
	{"insufficient memory", datastore.ErrUnavailable},
	{"disk full", datastore.ErrUnavailable},
	{"cancelled on user's request", datastore.ErrUnavailable},
	{"canceling statement", datastore.ErrUnavailable},
	{"query cancelled", datastore.ErrUnavailable},
	{"query aborted", datastore.ErrUnavailable},
	{"wlm", datastore.ErrUnavailable},
	{"connection", datastore.ErrUnavailable},
	{"timed out", datastore.ErrUnavailable},
	{"timeout", datastore.ErrUnavailable},
	{"cluster restart", datastore.ErrUnavailable},

	{"invalid input syntax", datastore.ErrInvalid},
	{"invalid digit", datastore.ErrInvalid},
	{"value too long", datastore.ErrInvalid},
	{"out of range", datastore.ErrInvalid},
	{"overflow", datastore.ErrInvalid},
	{"division by zero", datastore.ErrInvalid},
	{"divide by zero", datastore.ErrInvalid},
	{"not-null constraint", datastore.ErrInvalid},
	{"not null constraint", datastore.ErrInvalid},
	{"check constraint", datastore.ErrInvalid},
	{"cannot insert a null", datastore.ErrInvalid},
}

// kindOf is what the text of a failure means. SQL that is wrong is the program's
// mistake, and so is what is not known.
func kindOf(message string) error {
	text := strings.ToLower(message)
	for _, m := range meanings {
		if strings.Contains(text, m.part) {
			return m.kind
		}
	}
	return datastore.ErrDeclaration
}
