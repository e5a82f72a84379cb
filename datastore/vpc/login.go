package vpc

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Physical is the address that the variable of a store holds.
func Physical(data *datastore.Data, spec datastore.Spec, scheme string, port int) (Address, error) {
	text, ok := data.Physical(spec)
	if !ok || text == "" {
		return Address{}, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the address %s://HOST:PORT/NAME (the generated template sets it)", datastore.Variable(spec), scheme)}
	}
	a, err := ParseAddress(text, scheme, port)
	if err != nil {
		return Address{}, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("%s: %w", datastore.Variable(spec), err)}
	}
	return a, nil
}

// tokenTime is how long a token of RDS logs in. Connections that were made with it
// live on.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
const tokenTime = 15 * time.Minute

// Logins log in to databases of RDS.
type Logins struct {
	// Configure gives the region and the credentials of the function's role.
	Configure func() (aws.Config, error)
	// Now is the clock.
	Now func() time.Time
}

// Credentials are the user and the password of a new connection to host: those of
// secret, or, if it is nil, the user called name and a token of the function's
// role, for which nothing is sent. fresh says that those of before were refused.
func (l Logins) Credentials(ctx context.Context, host string, port int, name string, secret datastore.Login, fresh bool) (user, password string, err error) {
	if secret != nil {
		return secret.Credentials(ctx, fresh)
	}
	cfg, err := l.Configure()
	if err != nil {
		return "", "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	token, err := iam.Signer{Region: cfg.Region, Credentials: cfg.Credentials}.Token(ctx, iam.TokenRequest{
		Service: "rds-db",
		Host:    net.JoinHostPort(host, strconv.Itoa(port)),
		Query:   url.Values{"Action": {"connect"}, "DBUser": {name}},
		Expires: tokenTime,
	}, l.Now())
	return name, token, err
}
