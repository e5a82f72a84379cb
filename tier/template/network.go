package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// The logical ids of the network.
const (
	networkID       = "Network"
	subnetsID       = "NetworkSubnets"
	routesID        = "NetworkRoutes"
	endpointGroupID = "EndpointGroup"
)

// networkRange are the addresses of the network that a template makes. Nothing
// outside is routed into it, so that it may be the same in every stack.
const networkRange = "10.0.0.0/16"

// subnetIDs are the logical ids of its subnets, in a zone each: Aurora, ElastiCache
// and others want two.
var subnetIDs = []string{"NetworkSubnetA", "NetworkSubnetB"}

// maxSubnets is how many subnets the network is divided for, used or not: more of
// them must not move those that are there.
const maxSubnets = 4

// gateways are the services with gateway endpoints, which cost nothing.
// See https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html.
var gateways = map[string]string{"dynamodb": "dynamodb", "s3": "s3"}

// interfaceEndpoints are the names of the endpoints of services, by their IAM
// prefix. See https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html.
var interfaceEndpoints = map[string]string{
	"appconfig":        "appconfigdata",
	"codedeploy":       "codedeploy",
	"cognito-identity": "cognito-identity",
	"cognito-idp":      "cognito-idp",
	"execute-api":      "execute-api",
	"kinesis":          "kinesis-streams",
	"kms":              "kms",
	"lambda":           "lambda",
	"rds-data":         "rds-data",
	"redshift-data":    "redshift-data",
	"secretsmanager":   "secretsmanager",
	"sns":              "sns",
	"sqs":              "sqs",
	"ssm":              "ssm",
	"sts":              "sts",
}

// member of the network: a function that some store puts into it.
type networked struct {
	function *tier.Function
	reaches  []policy.Reach
	services []string
	answers  bool // CloudFormation, by way of S3
}

// networkedFunctions are those that a store puts into the private network.
func networkedFunctions(app *tier.App) []networked {
	var all []networked
	for _, f := range app.Functions() {
		if reaches := policy.Reaches(f); len(reaches) > 0 {
			all = append(all, networked{f, reaches, policy.Services(f), false})
		}
	}
	for _, f := range app.Deployments() {
		if reaches := policy.Reaches(f); len(reaches) > 0 {
			all = append(all, networked{f, reaches, policy.Services(f), true})
		}
	}
	return all
}

// network adds a private network without a way out, if some function uses a store
// that is only reached in one: subnets in two zones, a security group for each
// such function and store, and endpoints for exactly the services that those
// functions call. Nothing in it has an address in the internet, and there is no
// NAT.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html.
func (s *stack) network(app *tier.App) {
	functions := networkedFunctions(app)
	at, ok := inNetwork(app, functions)
	if !ok {
		return
	}
	if s.given = reachesService(functions); s.given {
		s.parameterOnce(parameter{networkID, "AWS::EC2::VPC::Id", "The network in which the services are reached."}, at)
		s.parameterOnce(parameter{subnetsID, "List<AWS::EC2::Subnet::Id>", "Private subnets of it, in two zones at least."}, at)
		for _, f := range functions {
			s.functionGroup(f)
		}
		return
	}
	s.add(resource{id: networkID, typ: "AWS::EC2::VPC", at: at, properties: object{
		{"CidrBlock", networkRange},
		{"EnableDnsSupport", true},
		{"EnableDnsHostnames", true},
	}})
	s.add(resource{id: routesID, typ: "AWS::EC2::RouteTable", at: at, properties: object{{"VpcId", ref(networkID)}}})
	for i, id := range subnetIDs {
		s.subnet(id, i, at)
	}
	s.endpoints(functions)
	for _, f := range functions {
		s.functionGroup(f)
	}
}

// inNetwork reports whether something is in the network, and the line that is the
// reason: a function, or a store that functions reach from outside, by the Data API.
func inNetwork(app *tier.App, functions []networked) (datastore.Position, bool) {
	if len(functions) > 0 {
		return functions[0].function.At(), true
	}
	for _, store := range stores(app) {
		database, isDatabase := store.spec.(sqldb.Spec)
		if store.spec.Kind() == "warehouse" || isDatabase && database.Engine != sqldb.DSQL {
			return store.at, true
		}
	}
	return datastore.Position{}, false
}

// reachesService reports whether some function calls a web service in a network that
// somebody else made: all functions are put into that one.
func reachesService(functions []networked) bool {
	return slices.ContainsFunc(functions, func(f networked) bool {
		return slices.ContainsFunc(f.reaches, func(r policy.Reach) bool { return r.Spec.Kind() == "service" })
	})
}

// subnet is one of 4,096 addresses in the zone with the number.
func (s *stack) subnet(id string, zone int, at datastore.Position) {
	s.add(resource{id: id, typ: "AWS::EC2::Subnet", at: at, properties: object{
		{"VpcId", ref(networkID)},
		{"AvailabilityZone", object{{"Fn::Select", array{zone, object{{"Fn::GetAZs", ""}}}}}},
		{"CidrBlock", object{{"Fn::Select", array{zone, object{{"Fn::Cidr", array{networkRange, maxSubnets, 12}}}}}}},
		{"MapPublicIpOnLaunch", false},
	}})
	s.add(resource{id: id + "Routes", typ: "AWS::EC2::SubnetRouteTableAssociation", at: at, properties: object{
		{"SubnetId", ref(id)},
		{"RouteTableId", ref(routesID)},
	}})
}

// subnets are those of the network.
func (s *stack) subnets() any {
	if s.given {
		return ref(subnetsID)
	}
	var refs array
	for _, id := range subnetIDs {
		refs = append(refs, ref(id))
	}
	return refs
}

// endpoints adds an endpoint for each service that some function in the network
// calls, and lets these functions in.
func (s *stack) endpoints(functions []networked) {
	users := map[string][]networked{}
	var services []string
	if i := slices.IndexFunc(functions, func(f networked) bool { return f.answers }); i >= 0 {
		if !slices.ContainsFunc(functions, func(f networked) bool { return slices.Contains(f.services, "s3") }) {
			s.answersOnly(functions[i].function.At())
		}
	}
	for _, f := range functions {
		for _, service := range f.services {
			if users[service] == nil {
				services = append(services, service)
			}
			users[service] = append(users[service], f)
		}
	}
	slices.Sort(services)
	grouped := false
	for _, service := range services {
		at := users[service][0].function.At()
		allowed := signedBy(service, rolesOf(users[service], service))
		if service == "cognito-identity" {
			allowed = ofIdentityPools(users[service])
		}
		switch {
		case gateways[service] != "":
			if service == "s3" && slices.ContainsFunc(functions, func(f networked) bool { return f.answers }) {
				allowed = append(allowed, answerStatement())
			}
			s.endpoint(service, gateways[service], at, allowed, gatewayEndpoint())
		case interfaceEndpoints[service] != "":
			if !grouped {
				grouped = true
				s.group(endpointGroupID, "Endpoints of AWS services", at)
			}
			s.endpoint(service, interfaceEndpoints[service], at, allowed, object{
				{"VpcEndpointType", "Interface"},
				{"PrivateDnsEnabled", true},
				{"SubnetIds", s.subnets()},
				{"SecurityGroupIds", array{getAtt(endpointGroupID, "GroupId")}},
			})
		default:
			f := users[service][0]
			s.errs = append(s.errs, &datastore.DeclarationError{At: f.function.At(), Message: fmt.Sprintf(
				"function %s is in the private network of %s %s and calls %s, which has no endpoint there: divide it into two functions",
				f.function.Name(), f.reaches[0].Spec.Kind(), f.reaches[0].Spec.Name(), service)})
		}
	}
}

// rolesOf are the roles by which functions call a service, those of their callers too.
func rolesOf(functions []networked, service string) array {
	var roles array
	for _, f := range functions {
		roles = append(roles, getAtt(policy.RoleID(f.function), "Arn"))
		ofService := func(action string) bool { return strings.HasPrefix(action, service+":") }
		if slices.ContainsFunc(policy.CallerStatements(f.function), func(s policy.Statement) bool { return slices.ContainsFunc(s.Actions, ofService) }) {
			roles = append(roles, getAtt(policy.CallerRoleID(f.function), "Arn"))
		}
	}
	return roles
}

// signedBy lets the requests to a service of those roles through, to resources of this
// account alone.
// See https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html.
func signedBy(service string, roles array) array { return array{ownStatement(service, roles)} }

// endpoint is one of an AWS service, by which only what is allowed can be done.
// See https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html.
func (s *stack) endpoint(service, name string, at datastore.Position, allowed array, properties object) {
	s.add(resource{id: endpointID(service), typ: "AWS::EC2::VPCEndpoint", at: at, properties: append(object{
		{"VpcId", ref(networkID)},
		{"ServiceName", sub("com.amazonaws.${AWS::Region}." + name)},
		{"PolicyDocument", document(allowed...)},
	}, properties...)})
}

func endpointID(service string) string { return policy.LogicalID(service, "endpoint") }

// gatewayEndpoint is what such an endpoint has beside its policy.
func gatewayEndpoint() object {
	return object{{"VpcEndpointType", "Gateway"}, {"RouteTableIds", array{ref(routesID)}}}
}

// ownStatement lets the roles of the functions that use a service do so, with
// resources of this account alone.
func ownStatement(service string, roles array) object {
	return object{
		{"Effect", "Allow"},
		{"Principal", object{{"AWS", "*"}}},
		{"Action", service + ":*"},
		{"Resource", "*"},
		{"Condition", object{
			{"ArnEquals", object{{"aws:PrincipalArn", roles}}},
			{"StringEquals", object{{"aws:ResourceAccount", ref("AWS::AccountId")}}},
		}},
	}
}

// group is a security group that nothing leaves. An empty list of rules would let
// everything out, so it has one for an address that is none.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html.
func (s *stack) group(id, description string, at datastore.Position) {
	s.add(resource{id: id, typ: "AWS::EC2::SecurityGroup", at: at, properties: object{
		{"GroupDescription", description},
		{"VpcId", ref(networkID)},
		{"SecurityGroupEgress", array{object{
			{"IpProtocol", "icmp"}, {"FromPort", 252}, {"ToPort", 86}, {"CidrIp", "255.255.255.255/32"},
			{"Description", "Nothing leaves"},
		}}},
	}})
}

// functionGroupID is the logical id of the security group of a function, storeGroupID
// that of a store.
func functionGroupID(f *tier.Function) string { return policy.LogicalID(f.Name(), "group") }

func storeGroupID(spec datastore.Spec) string { return policy.StoreID(spec) + "Group" }

// functionGroup is what a function may reach: its stores' ports, and the endpoints
// of the services it calls.
func (s *stack) functionGroup(f networked) {
	id, at := functionGroupID(f.function), f.function.At()
	var egress array
	for _, r := range f.reaches {
		for _, to := range groupsOf(r) {
			egress = append(egress, object{
				{"IpProtocol", "tcp"}, {"FromPort", r.Port}, {"ToPort", r.Port},
				{"DestinationSecurityGroupId", to.group},
				{"Description", r.Spec.Kind() + " " + r.Spec.Name()},
			})
			s.ingress(id, to.id, to.group, r.Port, at)
		}
	}
	gateway, direct := f.answers, false
	for _, service := range f.services {
		gateway = gateway || gateways[service] != ""
		direct = direct || interfaceEndpoints[service] != ""
	}
	if s.given && (gateway || direct) {
		egress = append(egress, object{
			{"IpProtocol", "tcp"}, {"FromPort", 443}, {"ToPort", 443}, {"CidrIp", "0.0.0.0/0"},
			{"Description", "AWS services, by the endpoints of the network"},
		})
		gateway, direct = false, false
	}
	if direct {
		egress = append(egress, object{
			{"IpProtocol", "tcp"}, {"FromPort", 443}, {"ToPort", 443},
			{"DestinationSecurityGroupId", getAtt(endpointGroupID, "GroupId")},
			{"Description", "Endpoints of AWS services"},
		})
		s.ingress(id, endpointGroupID, getAtt(endpointGroupID, "GroupId"), 443, at)
	}
	if gateway {
		// No attribute of a gateway endpoint names its prefix list. The routes of
		// the network lead to gateway endpoints and nowhere else.
		egress = append(egress, object{
			{"IpProtocol", "tcp"}, {"FromPort", 443}, {"ToPort", 443}, {"CidrIp", "0.0.0.0/0"},
			{"Description", "Gateway endpoints, the only routes out of the network"},
		})
	}
	s.add(resource{id: id, typ: "AWS::EC2::SecurityGroup", at: at, properties: object{
		{"GroupDescription", "Function " + f.function.Name()},
		{"VpcId", ref(networkID)},
		{"SecurityGroupEgress", egress},
	}})
}

// reachedGroup is a security group that a function reaches.
type reachedGroup struct {
	id    string
	group any
}

// groupsOf are the security groups of a store: a resource of the template, for a
// database behind a proxy that of the proxy, of the database or both, by what is done to
// it, and for a web service a parameter. An API of API Gateway has none: it is reached
// by the endpoint for execute-api.
func groupsOf(r policy.Reach) []reachedGroup {
	own := storeGroupID(r.Spec)
	switch spec := r.Spec.(type) {
	case service.Spec:
		if spec.Signed {
			return nil
		}
		return []reachedGroup{{own, ref(own)}}
	case sqldb.Spec:
		var all []reachedGroup
		if proxy := proxyGroupID(spec); spec.Proxied(r.Ops) {
			all = append(all, reachedGroup{proxy, getAtt(proxy, "GroupId")})
		}
		if spec.Direct(r.Ops) {
			all = append(all, reachedGroup{own, getAtt(own, "GroupId")})
		}
		return all
	}
	return []reachedGroup{{own, getAtt(own, "GroupId")}}
}

// ingress lets the group from into the group to. It is a resource of its own,
// because the two groups name each other.
func (s *stack) ingress(from, to string, group any, port int, at datastore.Position) {
	s.add(resource{id: to + "From" + from + strconv.Itoa(port), typ: "AWS::EC2::SecurityGroupIngress", at: at, properties: object{
		{"GroupId", group},
		{"SourceSecurityGroupId", getAtt(from, "GroupId")},
		{"IpProtocol", "tcp"}, {"FromPort", port}, {"ToPort", port},
	}})
}

// attached is the member VpcConfig of a function, nil for one outside the network.
func (s *stack) attached(f *tier.Function) object {
	if len(policy.Reaches(f)) == 0 {
		return nil
	}
	return object{{"VpcConfig", object{
		{"SecurityGroupIds", array{getAtt(functionGroupID(f), "GroupId")}},
		{"SubnetIds", s.subnets()},
	}}}
}
