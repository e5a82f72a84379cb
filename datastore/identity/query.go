package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Query says which users [Lister] lists.
type Query struct {
	// Attribute that is compared: "username", "email", "phone_number", "name",
	// "given_name", "family_name", "preferred_username" or "sub". "" lists all
	// users.
	//
	// See https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html
	Attribute string
	// Value that it must have.
	Value string
	// Prefix takes values that begin with Value.
	Prefix bool
	// Limit is how many users a page has at most: 0 means 60, which is the most.
	Limit int
	// After is the Next of the page before, "" for the first.
	After datastore.Token
}

const maxPage = 60

// attributes that Cognito can compare, and that are of this package's kind.
var attributes = []string{"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "sub"}

// open checks the query, and takes the seal off its token.
func (q Query) open() (Query, error) {
	switch {
	case q.Attribute == "" && (q.Value != "" || q.Prefix):
		return q, invalid("there is a value but no attribute")
	case q.Attribute != "" && !slices.Contains(attributes, q.Attribute):
		return q, invalid("users are not found by this attribute; write one of " + strings.Join(attributes, ", "))
	case q.Attribute != "" && q.Value == "":
		return q, invalid("the value is empty")
	case !utf8.ValidString(q.Value) || utf8.RuneCountInString(q.Value) > maxAttribute:
		return q, invalid("the value is no UTF-8 or has more than 2,048 characters")
	case q.Limit < 0 || q.Limit > maxPage:
		return q, invalid("the limit is not 0 to 60")
	}
	if q.Limit == 0 {
		q.Limit = maxPage
	}
	if q.After == "" {
		return q, nil
	}
	rest, ok := strings.CutPrefix(string(q.After), q.mark())
	if !ok || rest == "" {
		return q, invalid("the page token is of another query")
	}
	q.After = datastore.Token(rest)
	return q, nil
}

// seal binds a token of a driver to the query.
func (q Query) seal(next datastore.Token) datastore.Token {
	if next == "" {
		return ""
	}
	return datastore.Token(q.mark()) + next
}

// mark tells queries apart.
func (q Query) mark() string {
	kind := "="
	if q.Prefix {
		kind = "^"
	}
	sum := sha256.Sum256([]byte(q.Attribute + kind + q.Value))
	return "1" + base64.RawURLEncoding.EncodeToString(sum[:9]) + "."
}

// All are all users of the query, page by page. It ends with the first error.
func All(ctx context.Context, users Lister, q Query) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for {
			page, err := users.List(ctx, q)
			if err != nil {
				yield(User{}, err)
				return
			}
			for _, user := range page.Items {
				if !yield(user, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}
