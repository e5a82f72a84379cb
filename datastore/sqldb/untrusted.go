package sqldb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Untrusted is the fault of a server whose certificate was refused, if err is that.
// No other attempt helps.
func Untrusted(err error) (Fault, bool) {
	refused, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		return Fault{}, false
	}
	f := Fault{Kind: datastore.ErrUnavailable, Broken: true, Text: "the server's certificate is refused: " + refused.Err.Error()}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		f.Text += "; if it should be trusted, name the file of its authority in the address: ?sslrootcert=FILE"
	}
	return f, true
}
