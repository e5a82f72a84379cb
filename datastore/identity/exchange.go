package identity

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Exchanger exchanges the ID token of a user for temporary credentials, of the role
// that the identity pool has for who has signed in. "" is a guest, where the pool
// takes guests. A token that is not good, or of another directory, answers
// [datastore.ErrInvalid]. It may be repeated: a user has one identity.
type Exchanger interface {
	Exchange(ctx context.Context, token string) (Credentials, error)
}

// Credentials are keys of AWS for a while. They do not show their secrets where they
// are printed or logged; JSON has them, for the client that they are for.
type Credentials struct {
	// IdentityID is that of the user in the identity pool: "eu-west-1:…".
	IdentityID      string    `json:"identityId"`
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	Expires         time.Time `json:"expires"`
}

// Format shows the ids and the time, whatever the verb is.
func (c Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.text()) }

// LogValue is what Format shows.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Credentials) text() string {
	return "credentials " + c.AccessKeyID + " of " + c.IdentityID + " until " + c.Expires.Format(time.RFC3339)
}

// Exchange is a declared identity pool. It is used through the handles that
// [datastore.Use] makes of it.
type Exchange struct{ state *handle.State[ExchangeConn] }

// NewExchange declares the identity pool called name, which takes the tokens of the
// directory users. Nothing is opened before the first operation. Panics with a
// [*datastore.DeclarationError] if data is nil.
func NewExchange(data *datastore.Data, name string, users *Directory) *Exchange {
	var errs []error
	spec := Spec{Logical: name}
	if !datastore.Declared(users) {
		errs = append(errs, fmt.Errorf("the exchange %s has no directory; write identity.NewExchange(data, %[1]q, users)", name))
	} else {
		spec.Users = users.Spec()
	}
	return &Exchange{handle.New(data, spec, func(ctx context.Context, driver ExchangeDriver) (ExchangeConn, error) {
		return driver.OpenExchange(ctx, data, spec)
	}, errs...)}
}

// Spec is a [Spec].
func (e *Exchange) Spec() datastore.Spec { return e.state.Spec }

// Capabilities are [Exchanger].
func (e *Exchange) Capabilities() []datastore.Capability {
	return []datastore.Capability{{Op: "Exchange", Type: reflect.TypeFor[Exchanger]()}}
}

// Handle is for [datastore.Use].
func (e *Exchange) Handle(g *datastore.Grant) any { return &exchanging{e.state, g} }

var (
	_ datastore.Store = (*Exchange)(nil)
	_ Exchanger       = (*exchanging)(nil)
)

type exchanging struct {
	state *handle.State[ExchangeConn]
	grant *datastore.Grant
}

// maxToken is what Cognito takes.
//
// See https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html
const maxToken = 50_000

func (h *exchanging) Exchange(ctx context.Context, token string) (c Credentials, err error) {
	op := handle.Op{Grant: h.grant, Bit: 0, Name: "Exchange", Fallback: datastore.ErrUnavailable}
	err = h.state.Run(ctx, op, func() error {
		if len(token) > maxToken {
			return invalid("the token has more than 50,000 bytes")
		}
		return nil
	}, func(ctx context.Context, conn ExchangeConn) (err error) {
		c, err = conn.Exchange(ctx, token)
		return err
	})
	return orZero(c, err)
}
