package localidentity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// sessionTime is how long credentials are good, as those of an identity pool.
const sessionTime = time.Hour

// OpenExchange implements [identity.ExchangeDriver].
func (d *Driver) OpenExchange(_ context.Context, data *datastore.Data, spec identity.Spec) (identity.ExchangeConn, error) {
	file, err := fileName(data.Namespace(), spec.Users.Name())
	if err != nil {
		return nil, unavailable(err)
	}
	return &exchange{d, file, spec.Logical, data.Now, data.Rand()}, nil
}

// exchange takes the tokens of one directory.
type exchange struct {
	driver *Driver
	file   string // of the directory
	name   string
	now    func() time.Time
	random io.Reader
}

var _ identity.ExchangeConn = (*exchange)(nil)

// Exchange implements [identity.ExchangeConn].
func (e *exchange) Exchange(ctx context.Context, token string) (identity.Credentials, error) {
	if err := inTime(ctx); err != nil {
		return identity.Credentials{}, err
	}
	subject, err := e.subject(token)
	if err != nil {
		return identity.Credentials{}, err
	}
	c, err := e.credentials(subject)
	if err != nil {
		return identity.Credentials{}, unavailable(err)
	}
	if e.driver.opts.Session != nil {
		if err := e.driver.opts.Session(c, subject); err != nil {
			return identity.Credentials{}, unavailable(err)
		}
	}
	return c, nil
}

// subject is whom the token is for, "" for a guest.
func (e *exchange) subject(token string) (string, error) {
	if token == "" {
		if !e.driver.opts.Guests {
			return "", &datastore.Error{Kind: datastore.ErrInvalid, Code: "NotAuthorizedException", Err: errors.New("there is no token, and guests are not taken")}
		}
		return "", nil
	}
	e.driver.mu.Lock()
	defer e.driver.mu.Unlock()
	dir, err := e.driver.load(e.file)
	if err != nil {
		return "", unavailable(err)
	}
	return dir.subjectOf(token, e.driver.clientsOf(e.file), e.now())
}

// credentials are random; a user has the same identity each time.
func (e *exchange) credentials(subject string) (c identity.Credentials, err error) {
	var random [8 + 30 + 48]byte
	if _, err := io.ReadFull(e.random, random[:]); err != nil {
		return c, err
	}
	id := sha256.Sum256([]byte(e.name + "\x00" + subject))
	if subject == "" {
		id = sha256.Sum256(random[:])
	}
	return identity.Credentials{
		IdentityID:      fmt.Sprintf("local:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16]),
		AccessKeyID:     fmt.Sprintf("ASIA%X", random[:8]),
		SecretAccessKey: fmt.Sprintf("%x", random[8:38]),
		SessionToken:    fmt.Sprintf("%x", random[38:]),
		Expires:         e.now().Add(sessionTime).UTC(),
	}, nil
}
