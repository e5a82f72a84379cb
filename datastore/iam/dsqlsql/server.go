package dsqlsql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
)

// The one database of a cluster, and its port.
const (
	database = "postgres"
	port     = 5432
)

var validIdentifier = regexp.MustCompile(`^[a-z0-9]{26}$`)

// serverOf reads what the variable holds: an identifier, or an address.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/SECTION_authentication-token.html
func serverOf(text, region string) (postgres.Server, error) {
	if validIdentifier.MatchString(text) {
		host := text + ".dsql." + region + ".on.aws"
		return postgres.Server{Host: host, Port: port, Database: database, TLS: &tls.Config{
			ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: iam.Roots(),
		}}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" || u.Hostname() == "" || u.User != nil {
		return postgres.Server{}, errors.New("it is neither the identifier of a cluster nor an address of the form postgres://HOST:PORT/postgres")
	}
	for key := range u.Query() {
		if key != "sslrootcert" {
			return postgres.Server{}, fmt.Errorf("the address has %q in it; it takes sslrootcert", key)
		}
	}
	s := postgres.Server{Host: u.Hostname(), Port: port, Database: database}
	if name := strings.TrimPrefix(u.Path, "/"); name != "" {
		s.Database = name
	}
	if u.Port() != "" {
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || n == 0 {
			return postgres.Server{}, errors.New("the address has a port that is none")
		}
		s.Port = uint16(n)
	}
	s.TLS, err = trust(s.Host, u.Query().Get("sslrootcert"))
	return s, err
}

// trust is by the roots of Amazon, or by those of a file alone.
func trust(host, file string) (*tls.Config, error) {
	cfg := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: iam.Roots()}
	if file == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("sslrootcert has no certificate in it")
	}
	return cfg, nil
}
