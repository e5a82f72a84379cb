package warehouse

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Option says more about a warehouse.
type Option interface{ apply(*Spec) error }

type optionFunc func(*Spec) error

func (f optionFunc) apply(s *Spec) error { return f(s) }

// Database names the database in the warehouse. Default: "dev", which every
// warehouse begins with.
func Database(name string) Option {
	return optionFunc(func(s *Spec) error {
		if !validParam(name) || len(name) > 64 {
			return fmt.Errorf("warehouse.Database(%q): write up to 64 letters, digits and _", name)
		}
		s.Database = name
		return nil
	})
}

// IAMLogin names who a function's role runs statements as: database users of a
// Provisioned warehouse, database roles of a Serverless one. Default: NAME_writer
// and NAME_reader. They cannot be the same.
func IAMLogin(writer, reader string) Option {
	return optionFunc(func(s *Spec) error {
		if !validParam(writer) || !validParam(reader) || writer == reader {
			return fmt.Errorf("warehouse.IAMLogin(%q, %q): name two users of letters, digits and _, of which the second can only read", writer, reader)
		}
		s.Writer, s.Reader = User{Name: writer}, User{Name: reader}
		return nil
	})
}

// Secret logs in with user and password from two secrets, that the Data API itself
// reads, or by [Wire] the function. The reader's user must be one who can only read.
//
// See https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-secrets.html
func Secret(writer, reader datastore.Login) Option {
	return optionFunc(func(s *Spec) error {
		for _, l := range []datastore.Login{writer, reader} {
			if !datastore.Declared(l) || !reflect.TypeOf(l).Comparable() {
				return fmt.Errorf("%w: a login is missing or is no pointer; give it the login of a secret", errSecret)
			}
		}
		if writer == reader || writer.Spec() == reader.Spec() {
			return fmt.Errorf("%w: both are the same secret; give it two, of which the second is of a user who can only read", errSecret)
		}
		s.Writer, s.Reader = User{Login: writer}, User{Login: reader}
		return nil
	})
}

// errSecret is a mistake in a Secret, which is then not missing.
var errSecret = errors.New("warehouse.Secret")

// Wire reaches the warehouse in the private network, by PostgreSQL's protocol, and not
// by the Data API: a statement begins at once, and its rows come without a second call.
// It needs [Secret]. What the Data API keeps for 24 hours is kept by the process that
// sent the statement, and is lost with it; driver redshiftwire says more.
func Wire() Option {
	return optionFunc(func(s *Spec) error {
		s.Wire = true
		return nil
	})
}

// specOf is the Spec of a declaration, and the mistakes in it.
func specOf(name string, product Product, opts []Option) (Spec, []error) {
	folded := fold(name)
	s := Spec{
		Logical: name, Product: product, Database: "dev",
		Writer: User{Name: folded + "_writer"}, Reader: User{Name: folded + "_reader"},
	}
	var errs []error
	if product != Serverless && product != Provisioned {
		errs = append(errs, fmt.Errorf("there is no product %q; write warehouse.Serverless or warehouse.Provisioned", product))
	}
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.apply(&s); err != nil {
			errs = append(errs, err)
		}
	})
	if wrong != nil {
		errs = append(errs, wrong)
	}
	if s.Wire && s.Writer.Login == nil && !errors.Is(errors.Join(errs...), errSecret) {
		errs = append(errs, errors.New("by the wire it is logged in to with secrets; add warehouse.Secret"))
	}
	return s, errs
}

// fold makes the name of a user that SQL takes without quotes.
func fold(name string) string {
	b := []byte(name)
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case c == '-':
			b[i] = '_'
		}
	}
	return string(b)
}
