package tier

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Domain maps a custom domain name, or a base path of it, to a stage of an API.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html.
type Domain struct {
	// Name in lower case: "api.example.com". Its DNS record must point at the
	// target that the template puts out, unless Zone has it make the record.
	Name string
	// Certificate is the ARN of a certificate of AWS Certificate Manager for
	// the name, in the region of the API.
	Certificate string
	// BasePath is what the paths of the API start with: "orders" or
	// "orders/v1". It ends with a segment, and of several that fit a path the
	// longest counts. Routes do not have it. Default: none, every path that no
	// other base path of the name fits. "ping" and "sping" are API Gateway's.
	BasePath string
	// Zone is the id of a hosted zone of Route 53 that there is, in which the template
	// makes the DNS record of the name: "Z0123456789ABCDEFGHIJ". Default: none is made.
	// Once for a name is enough.
	//
	// See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-api-gateway.html
	Zone string
	// Stage to map. Default: the first of [API.DeployedStages].
	Stage string

	at datastore.Position
}

// At is where the domain was declared.
func (d Domain) At() datastore.Position { return d.at }

// String is the name and the base path: "api.example.com/orders".
func (d Domain) String() string {
	if d.BasePath == "" {
		return d.Name
	}
	return d.Name + "/" + d.BasePath
}

// Domain serves the API under a custom domain name, beside its own. An API may
// have several base paths and names, and several APIs may share a name. On
// localhost the API answers to the name as the host of a request: with the
// header Host, or as http://NAME.localhost, which browsers resolve by themselves.
func (api *API) Domain(d Domain) {
	d.at = datastore.Caller()
	d.BasePath = strings.Trim(d.BasePath, "/")
	fail := func(format string, args ...any) {
		api.app.fail(d.at, "API %s: domain %s: %s", api.name, d, fmt.Sprintf(format, args...))
	}
	switch {
	case !validDomain(d.Name):
		fail("write a name of at least two labels in lower case: %q", "api.example.com")
		return
	case !validCertificate(d.Certificate):
		fail("certificate %q: write the ARN of a certificate: %q", d.Certificate, "arn:aws:acm:eu-west-1:123456789012:certificate/...")
		return
	}
	if d.Zone != "" && !validZone(d.Zone) {
		fail("zone %q: write the id of a hosted zone of Route 53: %q", d.Zone, exampleZone)
		return
	}
	if problem := badBasePath(d.BasePath); problem != "" {
		fail("%s", problem)
		return
	}
	for _, other := range api.app.domains() {
		switch {
		case other.Name != d.Name:
		case other.BasePath == d.BasePath:
			fail("it is mapped already at %s; give one of the two another base path", other.at)
			return
		case other.Certificate != d.Certificate:
			fail("its certificate at %s is %s; a name has one", other.at, other.Certificate)
			return
		case other.Zone != "" && d.Zone != "" && other.Zone != d.Zone:
			fail("its zone at %s is %s; write one of the two", other.at, other.Zone)
			return
		}
	}
	api.domains = append(api.domains, d)
}

// Domains of the API, in order of declaration, each with its stage.
func (api *API) Domains() []Domain {
	all := slices.Clone(api.domains)
	for i := range all {
		if all[i].Stage == "" {
			all[i].Stage = api.DeployedStages()[0].Name
		}
	}
	return all
}

// BasePaths are the base paths by domain name, which API Gateway leaves in the
// paths of REST events. The longest that fits a path is to be cut off it.
func (api *API) BasePaths() map[string][]string {
	var all map[string][]string
	for _, d := range api.domains {
		if d.BasePath == "" {
			continue
		}
		if all == nil {
			all = map[string][]string{}
		}
		all[d.Name] = append(all[d.Name], d.BasePath)
	}
	return all
}

func (a *App) domains() []Domain {
	var all []Domain
	for _, api := range a.apis {
		all = append(all, api.domains...)
	}
	return all
}

// checkDomains finds what a domain names and is not there, and routes that a
// domain cannot serve.
func (api *API) checkDomains(fail func(at datastore.Position, format string, args ...any)) {
	for _, d := range api.Domains() {
		if !slices.ContainsFunc(api.DeployedStages(), func(s Stage) bool { return s.Name == d.Stage }) {
			fail(d.at, "API %s: domain %s: it has no stage %q; name one of api.Stages, or leave it out", api.name, d, d.Stage)
		}
		if d.BasePath != "" {
			continue
		}
		for _, r := range api.Routes() {
			if s := r.pattern.Segments; len(s) == 1 && (s[0].Text == "ping" || s[0].Text == "sping") && shape(r.pattern) == "/"+s[0].Text {
				fail(r.at, "route %s: API Gateway answers /ping and /sping at the root of a custom domain itself (%s at %s); give it another path, or the domain a base path", r, d, d.at)
			}
		}
	}
}

// validDomain reports whether the text is a host name that a certificate can
// have, in lower case and without a wildcard.
func validDomain(name string) bool {
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return len(labels) > 1 && len(name) <= 253 && labels[len(labels)-1] != "localhost"
}

// validCertificate reports whether the text is the ARN of a certificate.
// See https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html.
func validCertificate(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(parts) == 6 && parts[0] == "arn" && parts[1] != "" && parts[2] == "acm" && parts[3] != "" &&
		len(parts[4]) == 12 && strings.HasPrefix(parts[5], "certificate/") && !strings.ContainsAny(arn, "*?$ ")
}

// badBasePath says what is wrong with a base path.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html.
func badBasePath(base string) string {
	if base == "" {
		return ""
	}
	if len(base) > 300 {
		return "the base path has more than 300 characters"
	}
	for i, segment := range strings.Split(base, "/") {
		bad := strings.ContainsFunc(segment, func(r rune) bool {
			return r >= 0x80 || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("$-_.+!*'()", r)
		})
		switch {
		case segment == "" || bad:
			return fmt.Sprintf("base path segment %q: write letters, digits and $-_.+!*'()", segment)
		case i == 0 && (segment == "ping" || segment == "sping"):
			return "API Gateway answers /ping and /sping itself; give it another base path"
		}
	}
	return ""
}
