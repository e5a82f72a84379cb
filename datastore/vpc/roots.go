package vpc

import (
	"crypto/tls"
	"crypto/x509"
	"embed"
	"errors"
	"os"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// rdsRoots are the root certificates of Amazon RDS, a file for each region, which
// no system trusts by itself. Newer regions than these need a file of their own,
// by sslrootcert. RDS Proxy and Aurora Serverless v1 have certificates of Amazon
// Trust Services instead.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
//
//go:embed roots/*.pem
var rdsRoots embed.FS

// TLS is how a host is connected to: it must have a certificate for its name, by
// one of the roots of RDS in its region or of Amazon's; a host that is not one of
// RDS, by one that the system trusts; and with a rootCert, by one in that file
// alone.
func TLS(host, rootCert string) (*tls.Config, error) { return trust(host, rootCert, iam.Roots()) }

// trust is TLS with amazon in the place of Amazon's roots.
func trust(host, rootCert string, amazon *x509.CertPool) (*tls.Config, error) {
	cfg := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	switch {
	case rootCert != "":
		pem, err := os.ReadFile(rootCert)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("sslrootcert has no certificate in it")
		}
	case isRDS(host):
		cfg.RootCAs = amazon.Clone()
		if pem, err := rdsRoots.ReadFile("roots/" + region(host) + ".pem"); err == nil {
			cfg.RootCAs.AppendCertsFromPEM(pem)
		}
	}
	return cfg, nil
}

func isRDS(host string) bool {
	return strings.HasSuffix(host, ".rds.amazonaws.com") || strings.HasSuffix(host, ".rds.amazonaws.com.cn")
}

// region of an endpoint of RDS: "main.cluster-abc.eu-central-1.rds.amazonaws.com".
// In China it stands behind "rds".
func region(host string) string {
	labels := strings.Split(host, ".")
	for i, label := range labels {
		if label != "rds" || i == 0 || i+1 == len(labels) {
			continue
		}
		if next := labels[i+1]; next != "amazonaws" {
			return next
		}
		return labels[i-1]
	}
	return ""
}
