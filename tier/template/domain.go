package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// domains adds the custom domain names of an API that no other API has added,
// and a mapping for each base path. Both kinds of APIs are mapped by version 2
// of API Gateway's interface, which alone has base paths of several segments.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-apimapping.html.
func (s *stack) domains(api *tier.API) {
	for _, d := range api.Domains() {
		id := policy.LogicalID(d.Name, "domain")
		if !s.has(id, "AWS::ApiGatewayV2::DomainName") {
			s.domainName(id, d)
		}
		properties := object{
			{"ApiId", ref(apiID(api))},
			{"DomainName", ref(id)},
			{"Stage", stageRef(api, d.Stage)},
		}
		if d.BasePath != "" {
			properties = append(properties, member{"ApiMappingKey", d.BasePath})
		}
		s.add(resource{
			id: policy.LogicalID(d.Name, d.BasePath, "mapping"), typ: "AWS::ApiGatewayV2::ApiMapping", at: d.At(),
			properties: properties,
		})
	}
}

func (s *stack) domainName(id string, d tier.Domain) {
	s.add(resource{
		id: id, typ: "AWS::ApiGatewayV2::DomainName", at: d.At(),
		properties: object{
			{"DomainName", d.Name},
			{"DomainNameConfigurations", array{object{
				{"CertificateArn", d.Certificate},
				{"EndpointType", "REGIONAL"},
				{"SecurityPolicy", "TLS_1_2"},
			}}},
		},
	})
	s.domainRecord(id, d)
	s.output(id+"Target", "What the DNS record of "+d.Name+" must point at.", getAtt(id, "RegionalDomainName"), d.At())
}

// domainRecord adds the DNS record of a domain name of APIs, if any of its declarations
// names a zone.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-route53-recordset-aliastarget.html.
func (s *stack) domainRecord(id string, d tier.Domain) {
	for _, api := range s.app.APIs() {
		for _, own := range api.Domains() {
			if own.Name == d.Name && own.Zone != "" {
				s.record(own.Zone, d.Name, "A", getAtt(id, "RegionalDomainName"), getAtt(id, "RegionalHostedZoneId"), own.At())
				return
			}
		}
	}
}

// record adds an alias of a name for what answers under another one, which is in a zone
// of AWS.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html.
func (s *stack) record(zone, name, typ string, target reference, targetZone any, at datastore.Position) {
	s.add(resource{id: policy.LogicalID(name, typ, "record"), typ: "AWS::Route53::RecordSet", at: at, properties: object{
		{"HostedZoneId", zone},
		{"Name", name},
		{"Type", typ},
		{"AliasTarget", object{{"DNSName", target}, {"HostedZoneId", targetZone}, {"EvaluateTargetHealth", false}}},
	}})
}

// has reports whether the stack has a resource of that id and type.
func (s *stack) has(id, typ string) bool {
	for _, r := range s.resources {
		if r.id == id && r.typ == typ {
			return true
		}
	}
	return false
}
