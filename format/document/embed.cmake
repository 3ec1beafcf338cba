# SPDX-License-Identifier: MIT
# Writes OUT, a C array of the bytes of IN: cmake -DIN=FILE -DOUT=FILE -P embed.cmake
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(SHA256 ${IN} digest)
file(WRITE ${OUT} "#include \"document/schema.h\"\n\nconst unsigned char carnet_schema[] = {\n${bytes}};\nconst size_t carnet_schema_size = sizeof(carnet_schema);\nconst char carnet_schema_digest[] = \"${digest}\";\n")
