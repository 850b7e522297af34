/** The part of the gateway's schema that the benchmarks use, as written for Apollo, Mercurius or Yoga. */
export const typeDefs = /* GraphQL */ `
  type Query { servers(first: Int = 50): ServerConnection! }
  type Subscription { shareAttachmentEvents: ShareAttachmentEvent! }
  type ServerConnection { nodes: [Server!]! }
  type Server {
    id: ID! name: String! status: ServerStatus! flavor: ServerFlavor addresses: [ServerAddress!]!
    sharesAttached: [ShareAttachment!]
  }
  enum ServerStatus { ACTIVE BUILD SHUTOFF ERROR UNKNOWN }
  type ServerFlavor { name: String! vcpus: Int! ramMib: Int! }
  type ServerAddress { network: String! address: String! version: Int! type: AddressType! }
  enum AddressType { FIXED FLOATING }
  type ShareAttachment {
    id: ID! status: ShareAttachmentStatus! mountPoint: String accessLevel: AccessLevel! share: Share
    serverId: ID! shareId: ID! createdAt: String! updatedAt: String!
  }
  enum ShareAttachmentStatus { ATTACHING ATTACHED DETACHING DETACHED }
  enum AccessLevel { READ_WRITE READ_ONLY }
  type Share { id: ID! name: String sizeGib: Int! status: ShareStatus! protocol: ShareProtocol! }
  enum ShareStatus { AVAILABLE CREATING ERROR UNKNOWN }
  enum ShareProtocol { NFS CIFS CEPHFS UNKNOWN }
  type ShareAttachmentEvent { cursor: String! type: EventType! at: String! requestId: String attachment: ShareAttachment! }
  enum EventType { ATTACH_STARTED ATTACHED ATTACH_FAILED DETACH_STARTED DETACHED DETACH_FAILED }
`;
